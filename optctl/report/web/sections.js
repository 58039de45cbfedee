// The parts of the page that are tables of figures: the best of each line, memory and throughput, sizes of
// models, the files.

function resultColumns() {
  const best = (line) => report.lines[line].best_job;
  const withBest = (read) => (line) => (best(line) >= 0 ? read(best(line)) : NaN);
  const shown = [
    report.objective, 'val_perplexity', 'val_bits_per_byte', 'tokens_per_second', 'peak_memory_bytes'
  ].filter((key) => report.jobs.some((job) => key in job.figures));
  const top = objectiveOf(report.best_job >= 0 ? report.best_job : 0);
  return [
    {
      name: lineHeading(),
      value: (line) => lineLabel(line),
      cell: (line) => el('span', {class: 'line'}, swatch(line), lineLabel(line))
    },
    mainAxis && {
      name: `best ${mainAxis.name}`,
      title: mainAxis.key,
      numeric: true,
      value: (line) => report.lines[line].points[report.lines[line].best_point]?.x ?? NaN,
      cell: bestCell
    },
    mainAxis && {
      name: 'good range',
      title: 'within 0.05 of the best',
      numeric: true,
      value: (line) => report.lines[line].good[1],
      text: goodRange
    },
    ...[...new Set(shown)].map(
        (key) => ({
          name: figureOf(key).word,
          title: figureOf(key).title,
          numeric: true,
          value: withBest((job) => toNumber(figure(job, key))),
          text: (line) => (best(line) >= 0 ? figureOf(key).text(figure(best(line), key)) : kNothing),
        })),
    {
      name: 'to best',
      title: moreIsBetter ? 'below the best of all' : 'above the best of all',
      numeric: true,
      value: withBest((job) => costOf(objectiveOf(job) - top)),
      text: (line) => (best(line) >= 0 ? toBest(objectiveOf(best(line)) - top) : kNothing)
    },
    {
      name: 'time',
      numeric: true,
      value: withBest((job) => toNumber(report.jobs[job].seconds)),
      text: (line) => (best(line) >= 0 ? duration(report.jobs[best(line)].seconds) : kNothing)
    },
    {
      name: 'job',
      numeric: true,
      value: best,
      cell: (line) =>
          (best(line) >= 0 ? jobLink(best(line), report.jobs[best(line)].id) :
               mainAxis    ? kNothing :
                             whyNone(line))
    },
  ].filter(Boolean);
}

function toBest(distance) {
  return (moreIsBetter ? '−' : '+') + fixed(Math.abs(distance), 3);
}

// The answer, as a table: one row per line, best first.
function resultsSection() {
  if (report.jobs.length === 0) return null;
  const best = (line) => report.lines[line].best_job;
  const columns = resultColumns();
  const table = new SortedTable('Best of each line', columns, report.lines.map((line, index) => index), {
    jobOf: best,
    sortBy: columns.findIndex((column) => column.name === figureOf(report.objective).word),
    down: moreIsBetter,
    rowClass: (line) => (best(line) >= 0 && best(line) === report.best_job ? 'best' : null),
  });
  return section(
      'results',
      report.lines.length > 1 ? `Best ${mainAxis ? mainAxis.name : 'job'} of each ${lineHeading()}` :
                                'Result',
      table.element);
}

function lineHeading() {
  return report.line_axes.map((axis) => report.axes[axis].name).join(', ') || 'line';
}

function bestCell(line) {
  const {points, best_point: at, edge} = report.lines[line];
  if (at < 0) return whyNone(line);
  if (!edge) return points[at].label;
  const where = edge === 'low' ? 'lowest' : 'highest';
  return el(
      'span', {},
      el('span', {class: 'edge', title: `the ${where} value tried: the optimum may lie beyond`},
         `${edge === 'low' ? '◂ ' : ''}edge${edge === 'high' ? ' ▸' : ''}`),
      ` ${points[at].label}`);
}

function goodRange(line) {
  const {good, best_point: at, points} = report.lines[line];
  if (at < 0) return kNothing;
  const label = (x) => points.find((point) => point.x === x)?.label ?? brief(x);
  return good[0] === good[1] ? label(good[0]) : `${label(good[0])} to ${label(good[1])}`;
}

// "3 diverged, 2 out of memory" for a line without a best.
function whyNone(line) {
  const counts = {};
  for (const {jobs} of report.lines[line].points) {
    for (const job of jobs) counts[report.jobs[job].state] = (counts[report.jobs[job].state] ?? 0) + 1;
  }
  return Object.entries(counts).map(([state, count]) => `${count} ${spaced(state)}`).join(', ');
}

// What a job that ran out of memory had is its limit, not its need.
function fitted(job) {
  return report.jobs[job].state !== 'out_of_memory';
}

// Memory and throughput hardly depend on the main axis: the median of each line's jobs, and their spread.
function resourcesSection() {
  const keys = ['peak_memory_bytes', 'tokens_per_second'].filter(
      (key) => report.jobs.some((job) => Number.isFinite(toNumber(job.figures[key]))));
  if (keys.length === 0) return null;
  const rows = report.lines.map((line, index) => {
    const jobs = line.points.flatMap((point) => point.jobs);
    return {
      line: index,
      ...Object.fromEntries(
          keys.map((key) => [key, spread(jobs.filter(fitted).map((job) => toNumber(figure(job, key))))]))
    };
  });
  const columns = [
    {
      name: lineHeading(),
      value: (row) => lineLabel(row.line),
      cell: (row) => el('span', {class: 'line'}, swatch(row.line), lineLabel(row.line))
    },
    ...keys.flatMap((key) => {
      const most = Math.max(...rows.map((row) => row[key].median).filter(Number.isFinite));
      const {word, title, text} = figureOf(key);
      return [{
        name: word,
        title,
        value: (row) => row[key].median,
        cell: (row) => barCell(
            row[key].median, most,
            Number.isNaN(row[key].median) ? whyNone(row.line) : spreadText(row[key], text))
      }];
    }),
  ];
  const table = new SortedTable('Memory and throughput', columns, rows, {jobOf: () => -1});
  return section(
      'resources', 'Memory and throughput',
      el('p', {class: 'note'}, 'Median of the jobs of each line; in brackets the least and the most.'),
      table.element);
}

function spread(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return {median: NaN, low: NaN, high: NaN};
  return {
    median: sorted[Math.floor((sorted.length - 1) / 2)],
    low: sorted[0],
    high: sorted[sorted.length - 1]
  };
}

function spreadText({median, low, high}, text) {
  return text(low) === text(high) ? text(median) : `${text(median)} (${text(low)} to ${text(high)})`;
}

// One row per distinct model, where the sweep has more than one size, with the best that was reached.
function modelsSection() {
  const models = new Map();
  report.jobs.forEach(({model}, job) => {
    if (!model) return;
    const key = JSON.stringify(model.values);
    if (!models.has(key)) models.set(key, {model, jobs: []});
    models.get(key).jobs.push(job);
  });
  if (models.size === 0) return null;
  const rows = [...models.values()];
  const differ = Object.keys(rows[0].model.values)
                     .filter(
                         (key) => ['layers', 'width', 'heads'].includes(key) ||
                             new Set(rows.map((row) => row.model.values[key])).size > 1);
  const best = (row) => row.jobs.filter((job) => !Number.isNaN(objectiveOf(job)))
                            .sort((a, b) => costOf(objectiveOf(a)) - costOf(objectiveOf(b)))[0] ??
      -1;
  const of = (key) => ({
    name: figureOf(key).word,
    numeric: true,
    value: (row) => (best(row) < 0 ? NaN : toNumber(figure(best(row), key))),
    text: (row) => (best(row) < 0 ? kNothing : figureOf(key).text(figure(best(row), key)))
  });
  const columns = [
    {
      name: 'parameters',
      numeric: true,
      value: (row) => row.model.parameters ?? NaN,
      text: (row) => (row.model.parameters ? counted(row.model.parameters) : kNothing)
    },
    ...differ.map((key) => ({
                    name: spaced(key),
                    numeric: true,
                    value: (row) => sortable(row.model.values[key]),
                    text: (row) => String(row.model.values[key])
                  })),
    {
      name: 'state',
      title: 'weights, gradients and optimizer state, as predicted from the spec',
      numeric: true,
      value: (row) => row.model.state_bytes ?? NaN,
      text: (row) => (row.model.state_bytes ? bytes(row.model.state_bytes) : kNothing)
    },
    {name: 'jobs', numeric: true, value: (row) => row.jobs.length, text: (row) => String(row.jobs.length)},
    of(report.objective),
    of('tokens_per_second'),
    of('peak_memory_bytes'),
    {
      name: 'best job',
      numeric: true,
      value: best,
      cell: (row) => (best(row) < 0 ? kNothing : jobLink(best(row), report.jobs[best(row)].id))
    },
  ].filter(({name}) => !['parameters', 'state'].includes(name) || rows.some((row) => row.model.parameters));
  return section(
      'models', 'Model size', new SortedTable('Model size', columns, rows, {jobOf: best, sortBy: 0}).element);
}

function filesSection() {
  const parts = report.files.map(
      ({path, text}) =>
          el('details', {}, el('summary', {}, path || 'sweep file'), el('pre', {tabindex: 0}, text)));
  if (report.overrides.length > 0)
    parts.push(el('p', {}, 'Overrides: ', el('code', {}, report.overrides.join('  '))));
  return parts.length > 0 ? section('files', 'Sweep file', ...parts) : null;
}
