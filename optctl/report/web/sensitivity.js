// Chart 1: the objective over the main axis, one line per combination of the others. What has no comparable
// figure (diverged, out of memory, failed) stays in the picture as a mark at the top edge; the best point of
// each line wears a ring.

const kMarkRow = 12;  // pixels between marks at the top edge that share an x
const kMarkRows = 5;
const kFailureMarks = {
  diverged: 'cross',
  out_of_memory: 'square',
  failed: 'plus',
  cancelled: 'diamond',
  lost: 'diamond',
  preempted: 'diamond'
};

function sensitivityChart() {
  const axis = mainAxis ? axisTitle(mainAxis) : 'configuration';
  return new Chart('sensitivity', `Final ${figureOf(report.objective).title} over ${axis}`, buildSensitivity);
}

function axisTitle(axis) {
  const long = spaced(axis.key);
  return long === 'learning rate' ? 'learning rate (peak)' : long;
}

// Points of all visible lines. Without a main axis every line is one point and stands at its own place.
function sensitivityPoints() {
  const points = [];
  report.lines.forEach((line, index) => {
    if (view.hidden.has(index)) return;
    line.points.forEach((point, at) => {
      const x = mainAxis ? point.x : index + 1;
      const best = at === line.best_point;
      points.push({
        line: index,
        x,
        y: point.y,
        label: point.label,
        jobs: point.jobs,
        best,
        edge: best ? line.edge : ''
      });
    });
  });
  return points;
}

// Of costs. The scale shows the good part well: few very bad points do not squash it, they stand with an arrow
// at the edge where it is bad (the top one, unless more is better).
function objectiveRange(values) {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return {min: 0, max: 1, cut: Infinity};
  const least = sorted[0];
  const most = sorted[sorted.length - 1];
  const high = quantile(sorted, 0.85);
  const cut = most - least > 1.6 * (high - least) && high > least ? high + 0.3 * (high - least) : most;
  const span = Math.max(cut - least, Math.abs(least) * 0.02, 1e-6);
  return {min: least - 0.12 * span, max: cut + 0.06 * span, cut};
}

function buildSensitivity(width) {
  if (report.jobs.length < 2) return null;
  const points = sensitivityPoints();
  const finite = points.filter((point) => point.y !== null);
  const {min, max: top, cut} = objectiveRange(finite.map((point) => costOf(point.y)));
  const pinned = points.filter((point) => point.y === null && failureOf(point) !== null);
  const high = finite.filter((point) => costOf(point.y) > cut);
  const xs = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  if (xs.length === 0) return null;
  const lines = [...new Set(points.map((point) => point.line))];
  const {log, range} = mainScale(xs);
  const hits = sensitivityHits(points, pinned, high, cut);
  const rows = 1 + Math.max(-1, ...hits.map((hit) => hit.row ?? -1));
  const share = rows > 0 ? Math.min(0.6, (14 + kMarkRow * rows) / (chartHeight(width) - 66)) : 0;
  const max = top + (top - min) * share / (1 - share);
  return {
    data: [
      xs,
      ...lines.map((line) => xs.map((x) => finite.find((p) => p.line === line && p.x === x && costOf(p.y) <= cut)?.y))
    ],
    hits,
    label: `${report.objective} over ${mainAxis?.key ?? 'configurations'}: ${report.answer}`,
    note: sensitivityNote(pinned, high, cut),
    table: () => sensitivityTable(points),
    options: {
      scales: {x: {time: false, distr: log ? 3 : 1, range: () => range}, y: {range: () => (moreIsBetter ? [-max, -min] : [min, max])}},
      axes: [xAxis(log, xs, width), yAxis(top)],
      series: [
        {}, ...lines.map((line) => {
          const look = lookOf(line);
          return {
            stroke: look.color,
            dash: look.dash,
            width: look.styled ? 2 : 1,
            spanGaps: true,
            points: {show: false}
          };
        })
      ],
      hooks: {draw: [(u) => drawSensitivity(u, hits, pinned.length + high.length > 0 ? top : null)]},
    },
  };
}

function mainScale(xs) {
  const least = xs[0];
  const most = xs[xs.length - 1];
  if (mainAxis && report.main_log) {
    const pad = Math.max((most / least) ** 0.05, 1.15);
    return {log: true, range: [least / pad, most * pad]};
  }
  const pad = mainAxis ? Math.max(0.05 * (most - least), Math.abs(most) * 0.02, 1e-9) : 0.6;
  return {log: false, range: [least - pad, most + pad]};
}

// Nothing beyond the edge has a place on the scale.
function yAxis(top) {
  const options = axisOptions(false, figureOf(report.objective).title, false);
  return {...options, filter: (u, splits) => splits.filter((split) => costOf(split) <= top)};
}

// Ticks are the values that were tried, as the sweep writes them, while they fit.
function xAxis(log, xs, width) {
  if (mainAxis) {
    const options = axisOptions(true, axisTitle(mainAxis) + (log ? ', log scale' : ''), log);
    if (!fitsAsTicks(xs, log, width)) return options;
    const labels =
        new Map(report.lines.flatMap((line) => line.points.map((point) => [point.x, point.label])));
    return {
      ...options,
      splits: () => xs,
      values: (u, splits) => splits.map((x) => labels.get(x) ?? tickText(x))
    };
  }
  const every = Math.ceil(xs.length / Math.max(2, width / 110));
  const options =
      axisOptions(true, 'configuration', false, (x) => (report.lines[x - 1] ? lineLabel(x - 1) : ''));
  return {...options, splits: () => xs.filter((x, i) => i % every === 0)};
}

function fitsAsTicks(xs, log, width) {
  const place = (x) => (log ? Math.log(x) : x);
  const perPixel = (place(xs[xs.length - 1]) - place(xs[0])) / Math.max(1, width - 140);
  return xs.length < 2 || xs.slice(1).every((x, i) => place(x) - place(xs[i]) > 34 * perPixel);
}

// Why a point has no figure; null while it only waits or runs.
function failureOf(point) {
  const states = point.jobs.map((job) => report.jobs[job].state);
  return states.find((state) => state in kFailureMarks) ?? null;
}

// Pinned marks that share an x stand below each other and, where they are many, in columns side by side.
function sensitivityHits(points, pinned, high, cut) {
  const rows = new Map();
  const nextRow = (x) => {
    const place = rows.get(x) ?? 0;
    rows.set(x, place + 1);
    return {row: place % kMarkRows, shift: 7 * Math.floor(place / kMarkRows)};
  };
  const hits = points.filter((p) => p.y !== null && costOf(p.y) <= cut).map((point) => ({...point, kind: 'value'}));
  for (const point of high) hits.push({...point, kind: 'high', ...nextRow(point.x)});
  for (const point of pinned) hits.push({...point, kind: failureOf(point), ...nextRow(point.x)});
  for (const hit of hits) {
    hit.job = hit.best ? report.lines[hit.line].best_job : hit.jobs[0];
    hit.text = () => sensitivityTip(hit);
  }
  return hits;
}

function sensitivityTip(hit) {
  const lines = [lineLabel(hit.line)];
  if (mainAxis) lines.push(`${mainAxis.name} = ${hit.label}`);
  if (hit.y === null) {
    lines.push(spaced(hit.kind));
    if (report.jobs[hit.job].reason) lines.push(report.jobs[hit.job].reason);
  } else {
    const {word, text} = figureOf(report.objective);
    lines.push(`${word} ${text(hit.y)}${hit.jobs.length > 1 ? ` (mean of ${hit.jobs.length})` : ''}`);
    if (hit.best) lines.push(hit.edge ? 'best of its line, at the edge of its range' : 'best of its line');
  }
  return lines;
}

function drawSensitivity(u, hits, divider) {
  const ratio = pixelRatio(u);
  const context = u.ctx;
  context.save();
  context.setLineDash([]);
  if (divider !== null) drawDivider(u, divider, ratio);
  for (const hit of hits) {
    const look = lookOf(hit.line);
    const x = u.valToPos(hit.x, 'x', true) + (hit.shift ?? 0) * ratio;
    const row = 10 + kMarkRow * (hit.row ?? 0);
    const y = hit.kind === 'value' ? u.valToPos(hit.y, 'y', true) : besideEdge(u, row * ratio);
    hit.pixelX = (x - u.bbox.left) / ratio;
    hit.pixelY = (y - u.bbox.top) / ratio;
    const lit = view.highlight >= 0 && hit.jobs.includes(view.highlight);
    context.fillStyle = look.color;
    context.strokeStyle = look.color;
    context.lineWidth = 1.5 * ratio;
    const mark = hit.kind === 'value' ? look.mark :
        hit.kind === 'high'           ? 'triangle' :
                                        kFailureMarks[hit.kind];
    markPath(context, mark, x, y, (lit ? 6.5 : 4.5) * ratio);
    context.fill();
    if (hit.best && (mainAxis || hit.job === report.best_job)) drawOptimum(u, hit, x, y, ratio);
  }
  context.restore();
}

// So far inside of the edge where it is bad.
function besideEdge(u, distance) {
  return moreIsBetter ? u.bbox.top + u.bbox.height - distance : u.bbox.top + distance;
}

function drawDivider(u, cost, ratio) {
  const y = u.valToPos(costOf(cost), 'y', true);
  const edge = besideEdge(u, 0);
  const context = u.ctx;
  context.fillStyle = css('--band');
  context.fillRect(u.bbox.left, Math.min(y, edge), u.bbox.width, Math.abs(y - edge));
  context.fillStyle = css('--muted-text');
  context.font = `${11 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'left';
  context.fillText('off the scale', u.bbox.left + 6 * ratio, besideEdge(u, (moreIsBetter ? 6 : 14) * ratio));
}

// A ring; a second one and the figure for the best of all; an arrow outwards where the range ends.
function drawOptimum(u, hit, x, y, ratio) {
  const context = u.ctx;
  const ring = (radius) => {
    context.beginPath();
    context.arc(x, y, radius * ratio, 0, 2 * Math.PI);
    context.stroke();
  };
  ring(8.5);
  if (hit.edge) {
    const side = hit.edge === 'low' ? -1 : 1;
    context.beginPath();
    context.moveTo(x + side * 11 * ratio, y - 5 * ratio);
    context.lineTo(x + side * 17 * ratio, y);
    context.lineTo(x + side * 11 * ratio, y + 5 * ratio);
    context.stroke();
  }
  if (report.best_job < 0 || report.jobs[report.best_job].line !== hit.line) return;
  ring(11.5);
  context.fillStyle = css('--text');
  context.strokeStyle = css('--background');
  context.lineWidth = 4 * ratio;
  context.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  context.textAlign = x > u.bbox.left + u.bbox.width / 2 ? 'right' : 'left';
  const away = context.textAlign === 'right' ? -16 : 16;
  const words = [`best ${figureOf(report.objective).text(hit.y)}`, x + away * ratio, y + 10 * ratio];
  context.strokeText(...words);
  context.fillText(...words);
}

function sensitivityNote(pinned, high, cut) {
  const parts =
      [(mainAxis ? 'Ring: best of its line' : 'Ring: the best') +
       (report.lines.some((line) => line.edge) ? '; arrow: at the edge of what was tried' : '') + '.'];
  const words = {
    diverged: '✕ diverged',
    out_of_memory: '■ out of memory',
    failed: '+ failed',
    cancelled: '◆ cancelled',
    lost: '◆ lost',
    preempted: '◆ preempted'
  };
  const kinds = [...new Set(pinned.map(failureOf))];
  if (kinds.length > 0)
    parts.push(`At the ${moreIsBetter ? 'bottom' : 'top'} edge, without a figure: ${kinds.map((kind) => words[kind]).join(', ')}.`);
  if (high.length > 0)
    parts.push(`▲ ${moreIsBetter ? 'below' : 'above'} ${figureOf(report.objective).text(costOf(cut))}.`);
  if (report.repeats.length > 0) parts.push('Points are means over seeds.');
  return parts.join(' ');
}

function sensitivityTable(points) {
  const {word, text} = figureOf(report.objective);
  return {
    head: ['line', mainAxis?.name ?? 'configuration', word, 'mark'],
    rows: points.map(
        (point) =>
            [lineLabel(point.line), point.label || lineLabel(point.line),
             point.y === null ? '–' : text(point.y),
             point.y === null ? spaced(failureOf(point) ?? 'not ended') :
                 point.best   ? (point.edge ? 'best, at the edge' : 'best') :
                                '']),
  };
}
