/** One self-contained page: its words, numbers and charts, with all that draws them. Nothing is fetched, nothing can be. */
import chartStyle from 'uplot/dist/uPlot.min.css?raw';
import chartCode from 'uplot/dist/uPlot.iife.min.js?raw';
import pageStyle from './page.css?raw';
import pageCode from './page.js?raw';

export interface ChartLine {
  readonly name: string;
  /** One for each time; null: nothing is known. */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
  /** Holds its value until the next time: for counts. */
  readonly stepped?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** Seconds since the epoch, rising. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
}

export interface Page {
  readonly title: string;
  /** Lines below the title. */
  readonly lead: readonly string[];
  readonly alarms: readonly string[];
  /** The first row has the headings. */
  readonly table: readonly (readonly string[])[];
  readonly sections: readonly { readonly title: string; readonly charts: readonly Chart[] }[];
}

/** The page as HTML. Its own policy forbids it to load or send anything. */
export function htmlPage(page: Page): string {
  const charts = page.sections.flatMap((section) => section.charts);
  let next = 0;
  const sections = page.sections.map(({ title, charts: own }) =>
    [
      `<section><h2>${escape(title)}</h2>`,
      ...own.map((chart) => {
        const figure = `<figure data-chart="${String(next)}"><figcaption>${escape(chart.title)} <span>${escape(chart.unit)}</span></figcaption></figure>`;
        next += 1;
        return figure;
      }),
      '</section>',
    ].join('\n'),
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">`,
    `<title>${escape(page.title)}</title>`,
    `<style>${chartStyle}\n${pageStyle}</style>`,
    '</head>',
    '<body>',
    `<h1>${escape(page.title)}</h1>`,
    ...page.lead.map((line) => `<p>${escape(line)}</p>`),
    ...page.alarms.map((line) => `<p class="alarm">${escape(line)}</p>`),
    tableText(page.table),
    ...sections,
    `<script type="application/json" id="data">${json(charts)}</script>`,
    `<script>${chartCode}</script>`,
    `<script>${pageCode}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function tableText([head, ...rows]: Page['table']): string {
  if (!head) return '';
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table>\n${[cells('th', head), ...rows.map((row) => cells('td', row))].join('\n')}\n</table></div>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** JSON that cannot end its script element. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
