// Puts the page together, top to bottom in the order of a reader's questions.

function statusLine() {
  const counts = new Map();
  for (const {state} of report.jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts =
      [...counts].sort((a, b) => b[1] - a[1]).map(([
                                                    state, count
                                                  ]) => el('span', {}, `${count} `, stateBadge(state)));
  const took = report.ended_us > report.created_us && report.created_us > 0 ?
      (report.ended_us - report.created_us) / 1e6 :
      null;
  return el(
      'p', {class: 'status'}, `${report.jobs.length} job${report.jobs.length === 1 ? '' : 's'}: `, ...parts,
      took === null ? null : el('span', {}, `took ${duration(took)}`));
}

function themeButton() {
  const next = () => (theme() === 'dark' ? 'light' : 'dark');
  const button = el('button', {
    type: 'button',
    id: 'theme',
    onclick: () => {
      document.documentElement.dataset.theme = next();
      name();
      emit('change');
    }
  });
  const name = () => {
    button.textContent = next() === 'dark' ? '☾ dark' : '☀ light';
    button.setAttribute('aria-label', `Switch to the ${next()} theme`);
  };
  name();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    name();
    emit('change');
  });
  return button;
}

function choice(label, key, options) {
  const select =
      el('select', {
        id: `choose-${key}`,
        onchange: () => {
          view[key] = select.value;
          emit('change');
        }
      },
         ...options.map(([value, text]) => el('option', {value, selected: view[key] === value}, text)));
  return el('label', {}, `${label} `, select);
}

function toggle(label, key) {
  const box = el('input', {
    type: 'checkbox',
    id: `toggle-${key}`,
    checked: view[key],
    onchange: () => {
      view[key] = box.checked;
      emit('change');
    }
  });
  return el('label', {}, box, ` ${label}`);
}

function smoothingSlider() {
  const weight = el('output', {}, view.smoothing.toFixed(2));
  const slider = el('input', {
    type: 'range',
    id: 'smoothing',
    min: 0,
    max: 0.98,
    step: 0.02,
    value: view.smoothing,
    oninput: () => {
      view.smoothing = Number(slider.value);
      weight.textContent = view.smoothing.toFixed(2);
      emit('change');
    }
  });
  return el('label', {}, 'smoothing ', slider, ' ', weight);
}

function curveControls() {
  const xs = [['steps', 'steps'], ['tokens', 'tokens'], ['seconds', 'seconds']].filter(
      ([key]) => key === 'steps' || report.jobs.some((job) => job.clock?.[key]));
  return el(
      'div', {class: 'controls', role: 'group', 'aria-label': 'Curves'}, choice('x', 'x', xs),
      choice(
          'show', 'show',
          [['best', 'best job of each line'], ['all', 'all jobs'], ['filter', 'jobs of the filter below']]),
      toggle('log x', 'logX'), toggle('log y', 'logY'), smoothingSlider());
}

function otherKeyChart() {
  const keys = [...new Set(report.jobs.flatMap((job) => Object.keys(job.series ?? {})))]
                   .filter((key) => !['loss', 'grad_norm', 'grad_norm_spread', validation].includes(key))
                   .sort();
  if (keys.length === 0) return null;
  const chart = {key: keys[0]};
  const select =
      el('select', {
        id: 'choose-key',
        onchange: () => {
          chart.key = select.value;
          chart.drawn.draw();
        }
      },
         ...keys.map((key) => el('option', {value: key}, figureOf(key).title)));
  chart.drawn = new Chart('other', 'Another recorded key', () => buildCurves(chart.key, null));
  chart.drawn.heading.after(el('div', {class: 'controls'}, el('label', {}, 'key ', select)));
  return chart.drawn;
}

function build() {
  const main = document.getElementById('main');
  document.querySelector('header').prepend(themeButton());
  document.querySelector('header').append(statusLine());
  const sensitivity = sensitivityChart();
  const curves = report.curves.jobs > 0 ?
      [
        curveChart('loss', 'loss', validation), curveChart('gradient', 'grad_norm', null),
        report.jobs.some((job) => job.series?.grad_norm_spread) ? curveChart('spread', 'grad_norm_spread', null) : null,
        otherKeyChart()
      ].filter(Boolean) :
      [];
  const charts = [sensitivity, ...curves];
  main.replaceChildren(
      ...[resultsSection(),
          report.jobs.length > 1 ?
              section(
                  'answer-chart', mainAxis ? `What ${axisTitle(mainAxis)} does` : 'All configurations',
                  legend(), sensitivity.figure) :
                                             null,
          curves.length > 0 ? section(
                                  'curves', 'Training curves', legend(), curveControls(),
                                  ...curves.map((chart) => chart.figure)) :
                              null,
          resourcesSection(),
          modelsSection(),
          jobsSection(),
          filesSection(),
          footer(),
  ].filter(Boolean));
  for (const chart of charts) chart.draw();
  followSize(main);
  followPrinting(charts);
  const wanted = report.jobs.findIndex((job) => `#job-${job.id}` === location.hash);
  if (wanted >= 0) openJob(wanted);
}

function footer() {
  const made = report.made_us > 0 ? `, data of ${moment(report.made_us)}` : '';
  return el(
      'footer', {},
      `${report.sweep} (${report.state})${made}. Optfleet ${
          report.version}. This file is whole: it loads nothing from anywhere.`);
}

function followSize(main) {
  let width = main.clientWidth;
  new ResizeObserver(() => {
    if (printing || main.clientWidth === width) return;
    width = main.clientWidth;
    emit('resize');
  }).observe(main);
}

// Paper is light and narrow.
function followPrinting(charts) {
  const set = (value) => {
    if (printing === value) return;
    printing = value;
    document.documentElement.classList.toggle('printing', value);
    for (const chart of charts) chart.draw();
  };
  addEventListener('beforeprint', () => set(true));
  addEventListener('afterprint', () => set(false));
  matchMedia('print').addEventListener('change', (event) => set(event.matches));
}

build();
