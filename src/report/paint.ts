type Brush = (text: string) => string;

/** The few colours the output knows. Meaning never hangs on colour alone: every colour comes with a sign or a word. */
export interface Paint {
  readonly bold: Brush;
  readonly dim: Brush;
  readonly red: Brush;
  readonly green: Brush;
  readonly yellow: Brush;
  readonly cyan: Brush;
}

const same: Brush = (text) => text;

/** No colour at all. */
export const PLAIN: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

/** The 16 colours that every terminal's theme defines. Loads chalk. */
export async function colourPaint(): Promise<Paint> {
  const { Chalk } = await import('chalk');
  const { bold, dim, red, green, yellow, cyan } = new Chalk({ level: 1 });
  return { bold, dim, red, green, yellow, cyan };
}
