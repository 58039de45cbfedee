// Numbers as people read them. Every function takes a number, null or one of the words NaN, Infinity,
// -Infinity.

const kNothing = '–';

// A figure as a number; NaN where there is none.
function toNumber(value) {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Number(value) : NaN;
}

function fixed(value, digits) {
  if (value === null || value === undefined) return kNothing;
  const number = toNumber(value);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  if (Math.abs(number) >= 1e5) return number.toExponential(2).replace('e+', 'e');
  return number.toFixed(digits);
}

// Some significant digits: 0.0123, 1.87, 24100, 3e-5.
function brief(value, digits = 3) {
  const number = toNumber(value);
  if (!Number.isFinite(number)) return fixed(value, 0);
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (size < 1e-3 || size >= 1e6) return scientific(number, digits);
  return String(Number(number.toPrecision(digits)));
}

function scientific(number, digits = 3) {
  const [mantissa, exponent] = number.toExponential(digits - 1).split('e');
  return `${Number(mantissa)}e${Number(exponent)}`;
}

// 950, 24.1k, 1.2M.
function counted(value) {
  const number = toNumber(value);
  if (!Number.isFinite(number)) return fixed(value, 0);
  for (const [limit, unit] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (Math.abs(number) >= limit) return Number((number / limit).toPrecision(3)) + unit;
  }
  return String(Number(number.toPrecision(3)));
}

function bytes(value) {
  const number = toNumber(value);
  if (!Number.isFinite(number)) return fixed(value, 0);
  for (const [limit, unit] of [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']]) {
    if (number >= limit) return `${Number((number / limit).toPrecision(3))} ${unit}`;
  }
  return `${number} B`;
}

// 8.1 s, 2:51, 1:04:09.
function duration(value) {
  const seconds = toNumber(value);
  if (!Number.isFinite(seconds)) return fixed(value, 0);
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (part) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function moment(microseconds) {
  return new Date(microseconds / 1000).toISOString().replace('T', ' ').slice(0, 16) + ' UTC';
}

function spaced(key) {
  return key.replace(/^.*[./]/, '').replaceAll('_', ' ');
}

// What a recorded key is called, with its unit, and how its values are written. `noisy` ones are smoothed,
// `wide` ones drawn on a log scale unless the reader wants otherwise.
const kFigures = {
  loss: {title: 'training loss (nats/token)', word: 'train loss', noisy: true, text: (v) => fixed(v, 3)},
  val_loss: {title: 'validation loss (nats/token)', word: 'val loss', text: (v) => fixed(v, 3)},
  val_perplexity: {title: 'perplexity', word: 'perplexity', text: (v) => fixed(v, 2)},
  val_bits_per_byte: {title: 'bits per byte', word: 'bits/byte', text: (v) => fixed(v, 2)},
  tokens_per_second: {title: 'throughput (tokens/s)', word: 'tokens/s', noisy: true, text: counted},
  peak_memory_bytes: {title: 'peak memory', word: 'peak memory', text: bytes},
  memory_bytes: {title: 'peak memory so far', word: 'memory', text: bytes},
  grad_norm: {
    title: 'gradient norm (before clipping)',
    word: 'grad norm',
    noisy: true,
    wide: true,
    text: (v) => brief(v)
  },
  grad_norm_spread: {
    title: 'gradient norms of blocks, largest / smallest',
    word: 'spread over blocks',
    wide: true,
    text: (v) => brief(v)
  },
  learning_rate: {title: 'learning rate', word: 'learning rate', wide: true, text: (v) => brief(v)},
  step_seconds: {title: 'time of a step (s)', word: 'step time', noisy: true, text: (v) => brief(v)},
};

// "grad_norm/blocks.3": a figure of a part.
function figureOfPart(key) {
  const [figure, part] = key.split('/', 2);
  const name = `${spaced(figure)} of ${part}`;
  return {title: name, word: name, wide: figure === 'grad_norm', text: (v) => brief(v, 4)};
}

function figureOf(key) {
  if (!kFigures[key] && key.includes('/')) return figureOfPart(key);
  return kFigures[key] ?? {title: spaced(key), word: spaced(key), text: (v) => brief(v, 4)};
}
