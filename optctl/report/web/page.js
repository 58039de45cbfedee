// The data of the page, what the reader has chosen, and the one way to make elements: text is always text,
// never markup.

const report = JSON.parse(document.getElementById('data').textContent);

// What the reader has chosen. `emit` tells everybody who drew from it.
const view = {
  x: 'steps',    // or tokens, seconds
  show: 'best',  // curves of the best job of each line; or all, filter
  logX: false,
  logY: false,
  smoothing: 0.6,
  hidden: new Set(),  // lines switched off in a legend
  filtered: null,     // jobs that the filter lets through; null: no filter
  highlight: -1,      // job under the pointer or the focus
};

const listeners = {
  change: [],
  highlight: [],
  resize: []
};
function on(event, listener) {
  listeners[event].push(listener);
}
function emit(event) {
  for (const listener of listeners[event]) listener();
}

let frame = 0;
function setHighlight(job) {
  if (view.highlight === job) return;
  view.highlight = job;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => emit('highlight'));
}

// el('td', {class: 'number', onclick: f}, 'text', element, ...). Attributes that are null or false are left
// out.
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function section(id, title, ...children) {
  return el(
      'section', {id, 'aria-labelledby': `${id}-title`}, el('h2', {id: `${id}-title`}, title), ...children);
}

// Jobs whose figures may be compared, for words and marks.
const kStateMarks = {
  succeeded: '✓',
  stopped_early: '⏹',
  diverged: '✕',
  out_of_memory: '■',
  failed: '!',
  cancelled: '⊘',
  preempted: '⏸',
  lost: '?',
  running: '▶',
  assigned: '▷',
  queued: '·',
};
function stateBadge(state) {
  return el('span', {class: `state state-${state}`}, `${kStateMarks[state] ?? ''} ${spaced(state)}`);
}

const mainAxis = report.main >= 0 ? report.axes[report.main] : null;
function figure(job, key) {
  return report.jobs[job].figures[key];
}
// What ranks values of the objective: less is better.
const moreIsBetter = report.direction === 'maximize';
function costOf(value) {
  return moreIsBetter ? -value : value;
}
// What stands beside the training loss, in its unit.
const validation = report.objective.endsWith('loss') ? report.objective : 'val_loss';
function objectiveOf(job) {
  return report.jobs[job].counts ? toNumber(figure(job, report.objective)) : NaN;
}
