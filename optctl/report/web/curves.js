// Charts 2 and 3: a recorded key over steps, tokens or seconds. Raw values are faint behind the smoothed
// line, the objective's own evaluations are marks, and what diverged ends in a cross at the top edge.

function curveJobs() {
  const visible = report.jobs.map((job, index) => index).filter((index) => {
    const {line, series} = report.jobs[index];
    return series && !view.hidden.has(line);
  });
  if (view.show === 'filter' && view.filtered) return visible.filter((job) => view.filtered.has(job));
  if (view.show !== 'best') return visible;
  const leaders =
      new Set(report.lines.map((line) => (line.best_job >= 0 ? line.best_job : line.points[0].jobs[0])));
  const best = visible.filter((job) => leaders.has(job));
  return best.length > 0 ? best : visible;
}

// Steps as the reader's choice of x; linear between the points of the job's clock and beyond them.
function xsOf(job, steps) {
  const {clock} = report.jobs[job];
  const column = clock?.[view.x];
  if (view.x === 'steps' || !column) return steps;
  let at = 0;
  return steps.map((step) => {
    while (at < clock.steps.length - 1 && clock.steps[at] < step) at++;
    const high = clock.steps[at];
    const low = at > 0 ? clock.steps[at - 1] : 0;
    const from = at > 0 ? column[at - 1] : 0;
    return high === low ? column[at] : from + (column[at] - from) * (step - low) / (high - low);
  });
}

function columnOf(job, key) {
  const series = report.jobs[job].series?.[key];
  if (!series) return null;
  return {xs: xsOf(job, report.jobs[job].columns[series.at]), ...series};
}

// The exponential average that does not lean to its start; gaps stay gaps.
function smoothed(values, weight) {
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

// A range that shows the curves: few extreme values of a run that blew up are cut, and the note says so.
function curveRange(columns, log) {
  const values = columns.flatMap((column) => column.last)
                     .filter((v) => v !== null && (!log || v > 0))
                     .sort((a, b) => a - b);
  if (values.length === 0) return null;
  const low = values[0];
  const most = values[values.length - 1];
  const high = quantile(values, 0.985);
  const isCut = log ? most / high > 30 : most - low > 2 * (high - low) && high > low;
  const top = isCut ? high : most;
  if (log) return {range: [low / 1.08, top * 1.15], cut: isCut ? top * 1.15 : null};
  const span = Math.max(top - low, Math.abs(low) * 0.01, 1e-9);
  return {range: [low - 0.04 * span, top + 0.08 * span], cut: isCut ? top + 0.08 * span : null};
}

const kXTitles = {
  steps: 'steps',
  tokens: 'tokens',
  seconds: 'seconds since the start of the job'
};

// The chart of a key, with `marksKey`'s values as marks where it is given.
function curveChart(id, key, marksKey) {
  const title = figureOf(key).title;
  return new Chart(id, title[0].toUpperCase() + title.slice(1), () => buildCurves(key, marksKey));
}

function weightFor(key) {
  return figureOf(key).noisy ? view.smoothing : 0;
}

function buildCurves(key, marksKey) {
  const logY = view.logY || Boolean(figureOf(key).wide);
  const weight = weightFor(key);
  const curves =
      curveJobs()
          .map((job) => ({job, column: columnOf(job, key), marks: marksKey ? columnOf(job, marksKey) : null}))
          .filter((curve) => curve.column);
  const columns = curves.flatMap((curve) => (curve.marks ? [curve.column, curve.marks] : [curve.column]));
  const y = curveRange(columns, logY);
  if (y === null) return null;
  const drawable = (v) => v !== null && logY && v <= 0 ? null : v;
  const tables = curves.map(({column}) => {
    const raw = column.last.map(drawable);
    return weight > 0 ? [column.xs, raw, smoothed(raw, weight)] : [column.xs, raw];
  });
  const data = uPlot.join(tables);
  const hits = curves.flatMap((curve) => curveHits(curve, key, marksKey));
  return {
    data,
    hits,
    label: `${figureOf(key).title} of ${curves.length} jobs over ${view.x}`,
    note: curveNote(curves, y.cut, marksKey, weight),
    table: () => curveTable(curves, key, marksKey),
    options: {
      scales: {x: xScale(data[0]), y: {distr: logY ? 3 : 1, range: () => y.range}},
      axes: [
        axisOptions(true, kXTitles[view.x] + (view.logX ? ', log scale' : ''), view.logX),
        axisOptions(false, titleOfY(key) + (logY ? ', log scale' : ''), logY)
      ],
      series: [{}, ...curves.flatMap((curve) => curveSeries(curve, weight))],
      hooks: {draw: [(u) => drawCurveMarks(u, curves, key, logY)]},
    },
  };
}

// The heading has the whole title; along the axis a long one would be cut.
function titleOfY(key) {
  const {title, word} = figureOf(key);
  return title.length > 32 ? word : title;
}

function xScale(xs) {
  const most = xs[xs.length - 1];
  const least = xs.find((x) => x > 0) ?? 1;
  return {
    time: false,
    distr: view.logX ? 3 : 1,
    range: () => (view.logX ? [least, Math.max(most, least * 1.01)] : [0, most * 1.02 || 1])
  };
}

function curveSeries({job}, weight) {
  const look = lookOf(report.jobs[job].line);
  const base = {stroke: look.color, points: {show: false}, spanGaps: false};
  const strong = {...base, dash: look.dash, width: 2, alpha: view.show === 'best' ? 1 : 0.7};
  return weight > 0 ? [{...base, width: 1, alpha: 0.22}, strong] : [{...strong, width: 1.4}];
}

function curveHits({job, column, marks}, key, marksKey) {
  const hit = (x, y, name, step) => ({
    job,
    x,
    y,
    text: () =>
        [`${report.jobs[job].label || `job ${report.jobs[job].id}`}`,
         `${figureOf(name).word} ${figureOf(name).text(y)}`,
         `step ${step}${view.x === 'steps' ? '' : `, ${brief(x)} ${view.x}`}`,
         `job ${report.jobs[job].id}, click for its spec`]
  });
  const hits = [];
  const drawn = smoothed(column.last, weightFor(key));
  drawn.forEach(
      (y, i) => y !== null &&
          hits.push({...hit(column.xs[i], column.last[i], key, report.jobs[job].columns[column.at][i]), y}));
  marks?.last.forEach(
      (y, i) =>
          y !== null && hits.push(hit(marks.xs[i], y, marksKey, report.jobs[job].columns[marks.at][i])));
  return hits;
}

function drawCurveMarks(u, curves, key, logY) {
  const ratio = pixelRatio(u);
  const context = u.ctx;
  context.save();
  context.beginPath();
  context.rect(u.bbox.left, u.bbox.top - 4 * ratio, u.bbox.width + 8 * ratio, u.bbox.height + 8 * ratio);
  context.clip();
  for (const {job, column, marks} of curves) {
    const look = lookOf(report.jobs[job].line);
    context.fillStyle = look.color;
    context.strokeStyle = css('--background');
    context.lineWidth = ratio;
    (marks?.last ?? []).forEach((y, i) => {
      if (y === null || (logY && y <= 0)) return;
      markPath(context, look.mark, u.valToPos(marks.xs[i], 'x', true), u.valToPos(y, 'y', true), 4.2 * ratio);
      context.fill();
      context.stroke();
    });
    if (report.jobs[job].state === 'diverged' || report.jobs[job].state === 'out_of_memory') {
      const x = u.valToPos(column.xs[column.xs.length - 1], 'x', true);
      markPath(context, kFailureMarks[report.jobs[job].state], x, u.bbox.top + 8 * ratio, 6 * ratio);
      context.fill();
    }
  }
  drawHighlight(u, key, ratio);
  context.restore();
}

// The job under the pointer, also where its curve is not one of those drawn: the others fade, it stands on
// top.
function drawHighlight(u, key, ratio) {
  const job = view.highlight;
  const column = job >= 0 ? columnOf(job, key) : null;
  if (!column) return;
  const context = u.ctx;
  context.globalAlpha = 0.72;
  context.fillStyle = css('--background');
  context.fillRect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  context.globalAlpha = 1;
  const look = lookOf(report.jobs[job].line);
  context.strokeStyle = look.color;
  context.lineWidth = 2.6 * ratio;
  context.setLineDash(look.dash.map((length) => length * ratio));
  context.beginPath();
  const values = smoothed(column.last, weightFor(key));
  let down = false;
  values.forEach((value, i) => {
    if (value === null || (u.scales.y.distr === 3 && value <= 0)) {
      down = false;
      return;
    }
    const at = [u.valToPos(column.xs[i], 'x', true), u.valToPos(value, 'y', true)];
    if (down)
      context.lineTo(...at);
    else
      context.moveTo(...at);
    down = true;
  });
  context.stroke();
  context.setLineDash([]);
}

function curveNote(curves, cut, marksKey, weight) {
  const parts = [];
  if (weight > 0) parts.push(`Smoothed with weight ${weight.toFixed(2)}, raw values faint behind.`);
  if (marksKey && curves.some((curve) => curve.marks)) parts.push(`Marks: ${figureOf(marksKey).word}.`);
  if (curves.some(({job}) => report.jobs[job].state === 'diverged')) parts.push('✕: diverged there.');
  if (curves.some(({job}) => report.jobs[job].state === 'out_of_memory'))
    parts.push('■: out of memory there.');
  if (cut !== null) parts.push(`Values above ${brief(cut)} are cut.`);
  if (view.show === 'best') parts.push('The best job of each line.');
  const withCurves = report.curves.jobs;
  if (withCurves < report.jobs.length)
    parts.push(`This page carries the curves of the ${withCurves} best of ${report.jobs.length} jobs.`);
  return parts.join(' ');
}

function curveTable(curves, key, marksKey) {
  const kRows = 25;
  const rows = [];
  for (const {job, column, marks} of curves) {
    const {label, id, columns} = report.jobs[job];
    for (const [name, one] of [[key, column], [marksKey, marks]]) {
      if (!one) continue;
      const every = Math.ceil(one.last.length / kRows);
      one.last.forEach((value, i) => {
        if (i % every !== 0 && i !== one.last.length - 1) return;
        rows.push([
          `${id} ${label}`, String(columns[one.at][i]), brief(one.xs[i]), figureOf(name).word,
          figureOf(name).text(value)
        ]);
      });
    }
  }
  return {head: ['job', 'step', view.x, 'key', 'value'], rows};
}
