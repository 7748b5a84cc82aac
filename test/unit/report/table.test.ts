import { describe, expect, it } from 'vitest';
import { cleanLines, cleanText } from '../../../src/report/clean-text.ts';
import { PLAIN } from '../../../src/report/paint.ts';
import type { Column } from '../../../src/report/table.ts';
import { table } from '../../../src/report/table.ts';
import { padText, textWidth, truncateText } from '../../../src/report/text-width.ts';

type Row = readonly [string, string, string];
const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row[0], colour: (text) => `<${text}>` },
  { title: 'N', value: (row) => row[1], align: 'right' },
  { title: 'NOTE', value: (row) => row[2], shrinks: true },
];
const wide = { width: Number.POSITIVE_INFINITY, paint: PLAIN };

describe('table', () => {
  it('aligns wide characters and numbers, and ends no line with blanks', () => {
    const rows: Row[] = [
      ['日本', '5', 'x'],
      ['e\u0301a', '100', ''],
    ];
    const plain = columns.map(({ colour: _colour, ...column }) => column);
    expect(table(plain, rows, wide)).toBe('NAME    N  NOTE\n日本    5  x\ne\u0301a    100  -\n');
  });

  it('colours the text of a cell and not its padding, even where the text is $&', () => {
    expect(table(columns, [['$&', '1', 'x']], wide)).toBe('NAME  N  NOTE\n<$&>    1  x\n');
  });

  it('leaves out columns that nothing is in', () => {
    expect(table(columns, [['a', '', 'x']], wide)).toBe('NAME  NOTE\n<a>     x\n');
  });

  it('cuts only what may shrink, and never below what can be read', () => {
    const rows: Row[] = [['a-long-name', '1', 'a note that is long']];
    expect(table(columns, rows, { ...wide, width: 24 }).split('\n')[1]).toBe('<a-long-name>  1  a note …');
    expect(table(columns, rows, { ...wide, width: 1 }).split('\n')[1]).toBe('<a-long-name>  1  a note …');
  });

  it('takes 50,000 rows', () => {
    const rows = Array.from({ length: 50_000 }, (_, i): Row => [`p-${String(i)}`, '1', '']);
    expect(table(columns, rows, wide).length).toBeGreaterThan(500_000);
  });
});

describe('cleanText', () => {
  it.each([
    ['a\u001b[31mred\u001b[0m', 'ared'],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u001b]8;;http://evil\u001b\\link', 'link'],
    ['a\r\nb\tc', 'a b c'],
    ['\u0000\u0007\u009b31m', '31m'],
    ['abc\u202ecba', 'abccba'],
    ['ünï \u{1f600} 日本', 'ünï \u{1f600} 日本'],
  ])('%j becomes %j', (text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it('of lines keeps the lines', () => {
    expect(cleanLines('a\u001b[2J\nb\r')).toBe('a\nb ');
  });
});

describe('text width', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 2],
    ['✓ …', 3],
    ['', 0],
  ])('of %j is %i', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it('truncates by columns, never inside a character', () => {
    expect(truncateText('日本語', 5)).toBe('日本…');
    expect(truncateText('日本語', 4)).toBe('日…');
    expect(truncateText('abc', 3)).toBe('abc');
    expect(truncateText('abc', 0)).toBe('');
    expect(padText('日', 4, 'right')).toBe('  日');
  });
});
