/** Writes plain data as block YAML. Strings that need quotes get JSON's, which YAML reads as they are. */

/** The text of a value of which JSON can be made. Ends with a line break. */
export function yamlText(value: unknown): string {
  const plain: unknown = value === undefined ? null : JSON.parse(JSON.stringify(value));
  return `${lines(plain, '').join('\n')}\n`;
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item: unknown) => {
      const inner = lines(item, `${indent}  `);
      return [`${indent}- ${(inner[0] ?? '').trimStart()}`, ...inner.slice(1)];
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value as Record<string, unknown>);
    if (entries.length > 0) return entries.flatMap(([key, item]) => entry(scalar(key), item, indent));
  }
  return [`${indent}${scalar(value)}`];
}

function entry(key: string, value: unknown, indent: string): string[] {
  const isBlock = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isBlock) return [`${indent}${key}: ${scalar(value)}`];
  return [`${indent}${key}:`, ...lines(value, `${indent}  `)];
}

/** Words that no YAML version takes for something else stay bare. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return Array.isArray(value) ? '[]' : JSON.stringify(value);
  const isBare = /^[A-Za-z][A-Za-z0-9_./-]*$/.test(value) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(value);
  return isBare ? value : JSON.stringify(value);
}
