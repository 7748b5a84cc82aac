/** Aligned columns without borders, as `incus -f compact` and `kubectl` print them. */
import { cleanText } from './clean-text.ts';
import type { Paint } from './paint.ts';
import { padText, textWidth, truncateText } from './text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** May be cut when the terminal is too narrow; the last such column is cut first. */
  readonly shrinks?: boolean;
  /** Colours the finished cell. */
  readonly colour?: (text: string, row: Row, paint: Paint) => string;
}

export interface TableSettings {
  readonly width: number;
  readonly paint: Paint;
  /** Put before each line. */
  readonly indent?: string;
}

const GAP = 2;
/** A column is not cut below this. */
const NARROWEST = 8;

/** A headline and one line for each row; empty cells show `-`. Columns that are empty in every row are left out. Ends with a line break. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], settings: TableSettings): string {
  const all = columns.map((column) => ({ column, cells: rows.map((row) => cleanText(column.value(row))) }));
  const used = all.filter(({ cells }) => rows.length === 0 || cells.some((cell) => cell !== ''));
  const indent = settings.indent ?? '';
  const widths = fit(
    used.map(({ column, cells }) => ({
      width: Math.max(textWidth(column.title), ...maxima(cells)),
      shrinks: column.shrinks ?? false,
    })),
    settings.width - indent.length,
  );
  const line = (texts: readonly string[], colour: (text: string, index: number) => string) =>
    indent +
    texts
      .map((text, index) => {
        const width = widths[index] ?? 0;
        const cut = truncateText(text, width);
        const last = index === texts.length - 1;
        const align = used[index]?.column.align ?? 'left';
        const padded = last && align === 'left' ? cut : padText(cut, width, align);
        // Colour goes around the text alone, so that padding stays plain and the line ends without blanks.
        return padded.replace(cut, () => colour(cut, index));
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const head = line(
    used.map(({ column }) => column.title),
    (text) => settings.paint.bold(text),
  );
  const body = rows.map((row, r) =>
    line(
      used.map(({ cells }) => shown(cells[r])),
      (text, index) => used[index]?.column.colour?.(text, row, settings.paint) ?? text,
    ),
  );
  return `${[head, ...body].join('\n')}\n`;
}

/** An empty cell would make `cut` and the eye count columns wrongly. */
function shown(cell: string | undefined): string {
  return cell === undefined || cell === '' ? '-' : cell;
}

/** One number that stands for all cells; a spread of 50,000 arguments would overflow the stack. */
function maxima(cells: readonly string[]): [number] {
  return [cells.reduce((most, cell) => Math.max(most, textWidth(shown(cell))), 0)];
}

function fit(columns: readonly { readonly width: number; readonly shrinks: boolean }[], room: number): number[] {
  const widths = columns.map((column) => column.width);
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1) - room;
  for (let i = widths.length - 1; i >= 0 && excess > 0; i -= 1) {
    if (!columns[i]?.shrinks) continue;
    const width = widths[i] ?? 0;
    const cut = Math.min(excess, Math.max(0, width - NARROWEST));
    widths[i] = width - cut;
    excess -= cut;
  }
  return widths;
}
