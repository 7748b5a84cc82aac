/** Whether a value is what a library's declaration says that one of its functions gives: required fields, types and closed lists of values. */
import ts from 'typescript';

export interface DeclaredTypes {
  /** What of a value is not as the function of a declaration file promises it, or resolves to it. */
  problems(file: string, name: string, value: unknown): readonly string[];
}

/** Reads declaration files, with all that they refer to. */
export function readDeclarations(files: readonly string[]): DeclaredTypes {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: [],
  });
  const checker = program.getTypeChecker();

  function promised(file: string, name: string): ts.Type {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
    const [signature] = symbol ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];
    if (!signature) throw new Error(`No function ${name} in ${file}`);
    const type = signature.getReturnType();
    return checker.getAwaitedType(type) ?? type;
  }

  function wrong(type: ts.Type, value: unknown, at: string): readonly string[] {
    if (type.isUnion()) {
      const all = type.types.map((each) => wrong(each, value, at));
      return all.some((problems) => problems.length === 0) ? [] : (all.at(-1) ?? []);
    }
    const expected = checker.typeToString(type);
    const said = [`${at} must be ${expected}: ${JSON.stringify(value)}`];
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return value === undefined ? [] : said;
    if (type.isStringLiteral()) return value === type.value ? [] : said;
    if (flags & ts.TypeFlags.String) return typeof value === 'string' ? [] : said;
    if (flags & ts.TypeFlags.Number) return Number.isFinite(value) ? [] : said;
    if (flags & ts.TypeFlags.BooleanLike) return typeof value === 'boolean' ? [] : said;
    if (type.symbol.name === 'Date') return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : said;
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      if (!Array.isArray(value) || !item) return said;
      return value.flatMap((each, index) => wrong(item, each, `${at}/${String(index)}`));
    }
    if (typeof value !== 'object' || value === null) return said;
    const fields = value as Readonly<Record<string, unknown>>;
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
    if (index) return Object.entries(fields).flatMap(([key, each]) => wrong(index, each, `${at}/${key}`));
    return checker.getPropertiesOfType(type).flatMap((property) => {
      const each = fields[property.name];
      if (each === undefined && property.flags & ts.SymbolFlags.Optional) return [];
      return wrong(checker.getTypeOfSymbol(property), each, `${at}/${property.name}`);
    });
  }

  return { problems: (file, name, value) => wrong(promised(file, name), value, '') };
}
