// One chart: a uPlot that fits its box, follows the theme, tells what is under the pointer and has a table
// beside it.

// Ticks at round numbers: some `count` of them on a linear scale; on a log scale 1, (2, 5) or 3 times powers
// of ten.
function linearTicks(min, max, count = 6) {
  const rough = (max - min) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [min];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const ticks = [];
  for (let i = Math.ceil(min / step); i * step <= max + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function logTicks(min, max, room = 10) {
  const decades = Math.log10(max / min);
  if (decades < 0.8) return linearTicks(min, max, Math.min(room, 6)).filter((tick) => tick > 0);
  const factors = decades * 3 <= room ? [1, 2, 5] : decades * 2 <= room ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(decades / room));
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(12)));
  }
  return ticks.filter((tick) => tick >= min * 0.999999 && tick <= max * 1.000001);
}

function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e12) return counted(value);
  return size !== 0 && size < 0.01 ? scientific(value, 3) : String(Number(value.toPrecision(6)));
}

const kFont = '12px system-ui, sans-serif';
const kPaperWidth = 680;  // narrower than most windows

function axisOptions(isX, label, log, values) {
  const ticks = (u, axis, min, max) => {
    const length = isX ? u.over.clientWidth || u.width : u.over.clientHeight || u.height;
    const room = Math.max(2, Math.floor(length / (isX ? 62 : 38)));
    return log ? logTicks(min, max, room) : linearTicks(min, max, room);
  };
  return {
    label,
    labelFont: kFont,
    font: kFont,
    labelSize: 22,
    size: isX ? 34 : (u, texts) => 18 + 7 * Math.max(2, ...(texts ?? []).map((t) => t.length)),
    stroke: css('--muted-text'),
    grid: {stroke: css('--grid'), width: 1},
    ticks: {stroke: css('--grid'), width: 1, size: 5},
    gap: 4,
    splits: ticks,
    filter: (u, splits) => splits,
    values: (u, splits) => splits.map(values ?? tickText),
  };
}

// `build(width)` gives {options, data, hits, label, note, table} or null where there is nothing to draw; hits
// is a list of {job, x, y, text}. The figure draws itself again on every event named in `redrawOn`.
class Chart {
  constructor(id, title, build) {
    this.build = build;
    this.box = el('div', {class: 'plot'});
    this.tip = el('div', {class: 'tip', role: 'status', hidden: true});
    this.caption = el('p', {class: 'note'});
    this.heading = el('h3', {id: `${id}-title`}, title);
    this.twin =
        el('details', {class: 'twin', ontoggle: () => this.fillTwin()}, el('summary', {}, 'Show as table'));
    this.figure =
        el('figure', {id, 'aria-labelledby': `${id}-title`}, this.heading, this.box, this.caption, this.twin);
    on('change', () => this.draw());
    on('resize', () => this.draw());
    on('highlight', () => this.plot?.redraw(false));
  }

  draw() {
    this.plot?.destroy();
    this.plot = null;
    const width = printing ? kPaperWidth : document.getElementById('main').clientWidth;
    const built = width > 0 ? this.build(width) : null;
    this.figure.hidden = built === null;
    if (built === null) return;
    Object.assign(this, built);
    this.plot = new uPlot(
        {
          width,
          height: chartHeight(width),
          legend: {show: false},
          padding: [10, 14, 0, 4],
          cursor: {points: {show: false}, drag: {x: false, y: false}, y: false},
          ...this.options,
        },
        this.data, this.box);
    const canvas = this.plot.ctx.canvas;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', this.label);
    this.caption.textContent = this.note ?? '';
    this.plot.over.append(this.tip);
    this.tip.hidden = true;
    this.plot.over.addEventListener('mousemove', (event) => this.point(event));
    this.plot.over.addEventListener('mouseleave', () => this.leave());
    this.plot.over.addEventListener('click', () => this.under && openJob(this.under.job));
    if (this.twin.open) this.fillTwin();
  }

  point(event) {
    const box = this.plot.over.getBoundingClientRect();
    const left = event.clientX - box.left;
    const top = event.clientY - box.top;
    let least = 28;
    this.under = null;
    for (const hit of this.hits) {
      const far = Math.hypot(
          (hit.pixelX ?? this.plot.valToPos(hit.x, 'x')) - left,
          (hit.pixelY ?? this.plot.valToPos(hit.y, 'y')) - top);
      if (far >= least) continue;
      least = far;
      this.under = hit;
    }
    if (!this.under) return this.leave();
    this.tip.replaceChildren(...this.under.text().map((line, i) => el(i === 0 ? 'strong' : 'div', {}, line)));
    this.tip.hidden = false;
    const right = left > box.width / 2;
    this.tip.style.left = `${right ? left - this.tip.offsetWidth - 14 : left + 14}px`;
    this.tip.style.top = `${Math.max(0, Math.min(top - 10, box.height - this.tip.offsetHeight))}px`;
    setHighlight(this.under.job);
  }

  leave() {
    this.tip.hidden = true;
    this.under = null;
    setHighlight(-1);
  }

  fillTwin() {
    this.twin.querySelector('.scroll')?.remove();
    if (this.twin.open && this.table) this.twin.append(plainTable(this.table()));
  }
}

// {head: [text], rows: [[text]]} as a table to read, without sorting.
function plainTable({head, rows}) {
  return el(
      'div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Values of the chart'},
      el('table', {}, el('thead', {}, el('tr', {}, ...head.map((text) => el('th', {scope: 'col'}, text)))),
         el('tbody', {},
            ...rows.map(
                (row) => el(
                    'tr', {},
                    ...row.map(
                        (text, i) => el(i === 0 ? 'th' : 'td', {scope: i === 0 ? 'row' : null}, text)))))));
}

function chartHeight(width) {
  return width < 560 ? 280 : 360;
}

// Pixels of the canvas per pixel of the page, for what we draw on top.
function pixelRatio(u) {
  return u.ctx.canvas.width / u.width;
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
