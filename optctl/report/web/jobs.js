// Every job: a table to sort and filter, and below a job's row, on request, all that is known of it.

const jobsTable = {
  table: null,
  open: new Set(),
  count: null
};

function jobColumns() {
  const self = (job) => job;
  const present = (key) => report.jobs.some((job) => Number.isFinite(toNumber(job.figures[key])));
  const keys = [
    report.objective, 'val_perplexity', 'val_bits_per_byte', 'loss', 'grad_norm', 'tokens_per_second',
    'peak_memory_bytes'
  ];
  const varying = report.axes.map((axis, index) => index);
  return [
    {
      name: 'job',
      numeric: true,
      value: (job) => sortable(report.jobs[job].id),
      cell: (job) => jobButton(job)
    },
    {
      name: 'outcome',
      value: (job) => report.jobs[job].state,
      cell: (job) => stateBadge(report.jobs[job].state)
    },
    ...axisColumns(varying),
    ...[...new Set(keys)].filter(present).map((key) => figureColumn(key, self)),
    {
      name: 'steps',
      numeric: true,
      value: (job) => report.jobs[job].step,
      text: (job) => stepsText(report.jobs[job])
    },
    {
      name: 'time',
      title: 'time of training',
      numeric: true,
      value: (job) => toNumber(report.jobs[job].seconds),
      text: (job) => duration(report.jobs[job].seconds)
    },
  ];
}

function stepsText({step, total_steps: total}) {
  return total > 0 && step < total ? `${step}/${total}` : String(step);
}

function jobButton(job) {
  return el(
      'button', {
        type: 'button',
        class: 'link',
        'aria-expanded': String(jobsTable.open.has(job)),
        'aria-label': `Job ${report.jobs[job].id}: show all of it`,
        onclick: () => toggleJob(job)
      },
      report.jobs[job].id);
}

function toggleJob(job) {
  if (!jobsTable.open.delete(job)) jobsTable.open.add(job);
  jobsTable.table.fill();
  rowOf(job)?.querySelector('button')?.focus({preventScroll: true});
}

// From a chart or another table: the job's row, opened, in view.
function openJob(job) {
  if (view.filtered && !view.filtered.has(job)) {
    document.getElementById('filter').value = '';
    applyFilter();
  }
  jobsTable.open.add(job);
  jobsTable.table.fill();
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  rowOf(job)?.scrollIntoView({block: 'start', behavior: calm ? 'auto' : 'smooth'});
  rowOf(job)?.querySelector('button')?.focus({preventScroll: true});
}

function rowOf(job) {
  return jobsTable.table.body.querySelector(`tr[data-job="${job}"]`);
}

function jobLink(job, text) {
  return el(
      'a', {
        href: `#job-${report.jobs[job].id}`,
        onclick: (event) => {
          event.preventDefault();
          openJob(job);
        }
      },
      text);
}

function jobDetail(job) {
  const {name, reason, figures, spec, hash, attempts, values, model} = report.jobs[job];
  const facts = [
    ['name', name],
    ['outcome', spaced(report.jobs[job].state) + (reason ? `: ${reason}` : '')],
    ['attempts', String(attempts)],
    ...report.axes.map((axis, i) => [axis.key, values[i] ?? kNothing]),
    ...Object.entries(figures).map(([key, value]) => [key, figureOf(key).text(value)]),
    ['parameters', model?.parameters ? counted(model.parameters) : null],
    ['spec hash', hash],
  ].filter(([, value]) => value);
  return el(
      'div', {class: 'detail', id: `job-${report.jobs[job].id}`},
      el('dl', {}, ...facts.map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value)))),
      el('details', {open: true}, el('summary', {}, 'Exact spec'), el('pre', {tabindex: 0}, spec)));
}

// After every fill: the open jobs' details go below their rows.
function insertDetails(table) {
  for (const job of jobsTable.open) {
    const row = table.body.querySelector(`tr[data-job="${job}"]`);
    row?.after(el('tr', {class: 'detail-row'}, el('td', {colspan: table.columns.length}, jobDetail(job))));
  }
}

function applyFilter() {
  const text = document.getElementById('filter').value;
  const {test, problem} = parseFilter(text);
  const rows = report.jobs.map((job, index) => index).filter(test);
  view.filtered = text.trim() === '' ? null : new Set(rows);
  jobsTable.table.setRows(rows);
  jobsTable.count.textContent = problem || `${rows.length} of ${report.jobs.length} jobs`;
  if (view.show === 'filter') emit('change');
}

function jobsSection() {
  const all = report.jobs.map((job, index) => index);
  jobsTable.count = el('span', {class: 'note', role: 'status'}, `${all.length} jobs`);
  jobsTable.table = new SortedTable('All jobs', jobColumns(), all, {
    jobOf: (job) => job,
    filled: insertDetails,
    rowClass: (job) => (job === report.best_job ? 'best' : null),
  });
  const input = el('input', {
    id: 'filter',
    type: 'search',
    placeholder: filterExample(),
    spellcheck: 'false',
    autocomplete: 'off',
    oninput: applyFilter
  });
  return section(
      'jobs', 'All jobs', el('div', {class: 'controls'}, el('label', {}, 'Filter ', input), jobsTable.count),
      jobsTable.table.element);
}

function filterExample() {
  const axis = report.axes[0]?.name.replaceAll(' ', '_');
  const value = report.jobs[0]?.values[0];
  return [axis && value ? `${axis}=${value}` : null, `${report.objective}${moreIsBetter ? '>' : '<'}2`, 'diverged']
      .filter(Boolean)
      .join('  or  ');
}

on('highlight', () => {
  for (const row of document.querySelectorAll('tr[data-job]'))
    row.classList.toggle('lit', Number(row.dataset.job) === view.highlight);
});
