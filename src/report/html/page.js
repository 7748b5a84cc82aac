/* Draws the charts of a report. Runs in the browser, after uPlot; takes its data from the page and nothing from anywhere else. */
(() => {
  const charts = JSON.parse(document.getElementById('data').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const LIGHT = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#cf222e', '#57606a'];
  const DARK = ['#58a6ff', '#f0883e', '#56d364', '#bc8cff', '#ff7b72', '#8b949e'];
  const plots = [];

  const text = (value) => {
    if (value === null || value === undefined) return '–';
    const size = Math.abs(value);
    return String(
      size >= 100 ? Math.round(value) : size >= 1 ? Math.round(value * 10) / 10 : Math.round(value * 1000) / 1000,
    );
  };

  /** `14:00`, with the date below where a day begins or the axis does. */
  const clock = (seconds, index, ticks) => {
    const at = (time) => new Date(time * 1000).toISOString();
    const isNew = index === 0 || at(seconds).slice(0, 10) !== at(ticks[index - 1]).slice(0, 10);
    return isNew ? `${at(seconds).slice(11, 16)}\n${at(seconds).slice(0, 10)}` : at(seconds).slice(11, 16);
  };

  const draw = () => {
    for (const plot of plots.splice(0)) plot.destroy();
    const colours = dark.matches ? DARK : LIGHT;
    const style = getComputedStyle(document.documentElement);
    const axis = {
      stroke: style.getPropertyValue('--quiet'),
      grid: { stroke: style.getPropertyValue('--line'), width: 1 },
    };
    for (const figure of document.querySelectorAll('figure[data-chart]')) {
      const chart = charts[Number(figure.dataset.chart)];
      const options = {
        width: figure.clientWidth - 24,
        height: 220,
        cursor: { sync: { key: 'time' } },
        // Times are shown in UTC, as everywhere else.
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map(clock) },
          { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => text(tick)) },
        ],
        series: [
          { label: 'UTC', value: '{YYYY}-{MM}-{DD} {HH}:{mm}' },
          ...chart.lines.map((line, index) => ({
            label: line.name,
            stroke: colours[index % colours.length],
            width: 1.6,
            dash: line.dashed ? [6, 4] : undefined,
            paths: line.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
            points: { show: false },
            value: (_, value) => text(value),
          })),
        ],
      };
      plots.push(new uPlot(options, [chart.times, ...chart.lines.map((line) => line.values)], figure));
    }
    document.documentElement.dataset.drawn = String(plots.length);
  };

  draw();
  dark.addEventListener('change', draw);
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    draw();
  });
})();
