// The filter of the table of jobs: words that must occur, and comparisons such as optimizer=adamw, lr>=1e-3,
// val_loss<2.

const kComparisons = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

// The value that a name of a comparison means for a job: an axis by key, last part or short name, a figure,
// state or id.
function valueNamed(job, name) {
  const {values, figures, state, id, step, seconds} = report.jobs[job];
  const wanted = name.toLowerCase().replaceAll('_', ' ');
  const axis = report.axes.findIndex(
      ({key, name: short}) => [key, spaced(key), short].some(
          (n) => n.toLowerCase().replaceAll('_', ' ') === wanted));
  if (axis >= 0) return values[axis];
  const key =
      Object.keys(figures).find((k) => k.replaceAll('_', ' ') === wanted || figureOf(k).word === wanted);
  if (key) return figures[key];
  return {state, id, step, seconds, time: seconds}[wanted];
}

// {test(job), problem}: problem is a sentence where a comparison names nothing that exists.
function parseFilter(text) {
  const tests = [];
  let problem = '';
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const parts = /^([\w./]+)(!=|<=|>=|=|<|>)(.+)$/.exec(word);
    if (!parts) {
      tests.push((job) => searchText(job).includes(word.toLowerCase()));
      continue;
    }
    const [, name, comparison, wanted] = parts;
    if (!report.jobs.some((job, index) => valueNamed(index, name) !== undefined)) {
      problem = `No job has "${name}". Axes: ${
          report.axes.map((axis) => axis.name.replaceAll(' ', '_')).join(', ')}; figures: ${
          Object.keys(report.jobs[0]?.figures ?? {}).join(', ')}.`;
    }
    tests.push((job) => {
      const value = sortable(valueNamed(job, name) ?? null);
      const limit = sortable(wanted);
      if (value === null || typeof value !== typeof limit) return comparison === '!=';
      return kComparisons[comparison](value, limit);
    });
  }
  return {test: (job) => tests.every((test) => test(job)), problem};
}

function searchText(job) {
  const {id, name, state, reason, label, values} = report.jobs[job];
  return [`job ${id}`, name, spaced(state), reason, label, ...values].join(' ').toLowerCase();
}
