// A table whose columns sort by a press on their heads. Columns: {name, title, value(row), text(row),
// cell(row)}; value decides the order (numbers before words, missing ones last), text or cell what is shown.

class SortedTable {
  constructor(label, columns, rows, options = {}) {
    this.columns = columns;
    this.rows = rows;
    this.options = options;
    this.sort = {column: options.sortBy ?? -1, down: options.down ?? false};
    this.body = el('tbody');
    this.heads = columns.map(
        (column, index) =>
            el('th', {scope: 'col', class: column.numeric ? 'number' : null},
               el('button', {type: 'button', title: column.title ?? null, onclick: () => this.press(index)},
                  column.name)));
    this.element =
        el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label},
           el('table', {}, el('caption', {class: 'hidden'}, label),
              el('thead', {}, el('tr', {}, ...this.heads)), this.body));
    this.fill();
  }

  press(column) {
    this.sort = {column, down: this.sort.column === column && !this.sort.down};
    this.fill();
  }

  setRows(rows) {
    this.rows = rows;
    this.fill();
  }

  sorted() {
    const {column, down} = this.sort;
    if (column < 0) return this.rows;
    const value = this.columns[column].value;
    return [...this.rows].sort((a, b) => compareValues(value(a), value(b), down));
  }

  fill() {
    this.heads.forEach((head, i) => {
      const state = i !== this.sort.column ? null : this.sort.down ? 'descending' : 'ascending';
      if (state === null)
        head.removeAttribute('aria-sort');
      else
        head.setAttribute('aria-sort', state);
    });
    this.body.replaceChildren(...this.sorted().map((row) => this.line(row)));
    this.options.filled?.(this);
  }

  line(row) {
    const cells = this.columns.map((column, i) => {
      const content = column.cell ? column.cell(row) : column.text(row);
      return el(
          i === 0 ? 'th' : 'td', {class: column.numeric ? 'number' : null, scope: i === 0 ? 'row' : null},
          content);
    });
    const line = el('tr', {class: this.options.rowClass?.(row)}, ...cells);
    const job = this.options.jobOf?.(row) ?? -1;
    if (job >= 0) {
      line.dataset.job = job;
      line.addEventListener('mouseenter', () => setHighlight(job));
      line.addEventListener('mouseleave', () => setHighlight(-1));
      line.addEventListener('focusin', () => setHighlight(job));
      line.addEventListener('focusout', () => setHighlight(-1));
    }
    return line;
  }
}

function compareValues(a, b, down) {
  const missing = (v) => v === null || v === undefined || v === '' || Number.isNaN(v);
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b :
      typeof a === typeof b                                    ? String(a).localeCompare(String(b)) :
      typeof a === 'number'                                    ? -1 :
                                                                 1;
  return down ? -order : order;
}

// Words for numbers as numbers, so that lr 1e-4 stands before 3e-3.
function sortable(text) {
  return text !== null && text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function figureColumn(key, jobOf) {
  const {word, title, text} = figureOf(key);
  return {
    name: word,
    title,
    numeric: true,
    value: (row) => toNumber(figure(jobOf(row), key)),
    text: (row) => text(figure(jobOf(row), key))
  };
}

function axisColumns(indexes) {
  return indexes.map((axis) => ({
                       name: report.axes[axis].name,
                       title: report.axes[axis].key,
                       axis,
                       numeric: report.jobs.every((job) => typeof sortable(job.values[axis]) !== 'string'),
                       value: (job) => sortable(report.jobs[job].values[axis]),
                       text: (job) => report.jobs[job].values[axis] ?? kNothing,
                     }));
}

// A bar behind a number, for reading a column at a glance.
function barCell(value, most, text) {
  const bar = el('span', {class: 'bar', 'aria-hidden': 'true'});
  bar.style.width = `${Number.isFinite(value) && most > 0 ? Math.max(1, 100 * value / most) : 0}%`;
  return el('span', {class: 'barred'}, el('span', {class: 'track'}, bar), el('span', {}, text));
}
