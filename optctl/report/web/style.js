// How a line looks everywhere: colour and mark by its value on the first line axis, dash by the others, so
// that no line is told from another by colour alone. Both palettes keep 3:1 against their background and stay
// apart for colour-blind readers.

const kPalettes = {
  light: ['#0b62b8', '#c2410c', '#047857', '#a21caf', '#7a5c00', '#475569'],
  dark: ['#6cb6ff', '#ff9d66', '#4ade9f', '#e59cf0', '#e6c34a', '#b6c2d1'],
};
const kDashes = [[], [7, 4], [2, 3], [11, 3, 2, 3], [11, 3, 2, 3, 2, 3], [16, 6]];
const kMarks = ['circle', 'square', 'triangle', 'diamond', 'plus', 'cross'];
const kStyledLines = 24;  // beyond that lines are grey: nobody tells more apart

let printing = false;
function theme() {
  if (printing) return 'light';
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const lineLooks = (() => {
  const firsts = [];
  const rests = [];
  const indexIn = (list, value) => {
    if (!list.includes(value)) list.push(value);
    return list.indexOf(value);
  };
  const ranked =
      report.lines.map((line, index) => index).sort((a, b) => bestOfLine(a) - bestOfLine(b) || a - b);
  const styled = new Set(ranked.slice(0, kStyledLines));
  return report.lines.map((line, index) => ({
                            first: indexIn(firsts, line.values[0] ?? ''),
                            rest: indexIn(rests, line.values.slice(1).join(' ')),
                            styled: styled.has(index),
                          }));
})();

function bestOfLine(line) {
  const {best_point: best, points} = report.lines[line];
  return best >= 0 ? points[best].y : Infinity;
}

function lookOf(line) {
  const look = lineLooks[line] ?? {first: 0, rest: 0, styled: true};
  const palette = kPalettes[theme()];
  return {
    color: look.styled ? palette[look.first % palette.length] : css('--muted'),
    dash: kDashes[look.rest % kDashes.length],
    mark: kMarks[(look.first + Math.floor(look.first / palette.length)) % kMarks.length],
    styled: look.styled,
  };
}

function lineLabel(line) {
  const {label} = report.lines[line];
  return label || (report.line_axes.length ? 'base' : 'all jobs');
}

// Corners of a mark of radius 1 around 0,0; null for the circle.
const kCorners = {
  circle: null,
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  triangle: [[0, -1.15], [1.05, 0.75], [-1.05, 0.75]],
  diamond: [[0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]],
  plus: [
    [-0.35, -1.1], [0.35, -1.1], [0.35, -0.35], [1.1, -0.35], [1.1, 0.35], [0.35, 0.35], [0.35, 1.1],
    [-0.35, 1.1], [-0.35, 0.35], [-1.1, 0.35], [-1.1, -0.35], [-0.35, -0.35]
  ],
  cross: [
    [-0.5, 0], [-1, -0.55], [-0.55, -1], [0, -0.5], [0.55, -1], [1, -0.55], [0.5, 0], [1, 0.55], [0.55, 1],
    [0, 0.5], [-0.55, 1], [-1, 0.55]
  ],
};

// Adds the outline of a mark to a canvas path.
function markPath(context, mark, x, y, radius) {
  context.beginPath();
  if (kCorners[mark] === null) {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  for (const [dx, dy] of kCorners[mark]) context.lineTo(x + dx * radius, y + dy * radius);
  context.closePath();
}

function swatch(line) {
  const look = lookOf(line);
  const mark =
      kCorners[look.mark] === null ? svg('circle', {cx: 23, cy: 7, r: 4, fill: look.color}) : svg('polygon', {
        points: kCorners[look.mark].map(([x, y]) => `${23 + 4 * x},${7 + 4 * y}`).join(' '),
        fill: look.color
      });
  return svg(
      'svg', {width: 46, height: 14, 'aria-hidden': 'true'}, svg('line', {
        x1: 0,
        x2: 46,
        y1: 7,
        y2: 7,
        stroke: look.color,
        'stroke-width': 2,
        'stroke-dasharray': look.dash.join(' ')
      }),
      mark);
}

// The switches of the lines; every legend of the page shows the same choice.
function legend() {
  const list = el('div', {class: 'legend', role: 'group', 'aria-label': 'Lines; press to hide or show'});
  const fill = () => {
    list.replaceChildren();
    const shown = report.lines.map((line, index) => index).filter((index) => lineLooks[index].styled);
    for (const index of shown) {
      list.append(el(
          'button',
          {type: 'button', 'aria-pressed': String(!view.hidden.has(index)), onclick: () => toggleLine(index)},
          swatch(index), lineLabel(index)));
    }
    const more = report.lines.length - shown.length;
    if (more > 0) list.append(el('span', {class: 'note'}, `and ${more} more lines in grey`));
  };
  fill();
  on('change', fill);
  return report.lines.length > 1 ? list : null;
}

function toggleLine(line) {
  if (!view.hidden.delete(line)) view.hidden.add(line);
  const focused = document.activeElement?.textContent;
  const group = document.activeElement?.closest('.legend');
  emit('change');
  if (group) [...group.querySelectorAll('button')].find((button) => button.textContent === focused)?.focus();
}
