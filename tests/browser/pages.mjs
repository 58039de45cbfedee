// Opens the made-up reports in Debian's Chromium and keeps what no page may do: log, fail, ask for anything.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const folder = process.env.OPTFLEET_REPORT_PAGES;
const {chromium} = createRequire(path.join(process.env.OPTFLEET_NODE_MODULES, 'x.js'))('playwright-core');

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.OPTFLEET_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'
    ],
  });
}

// A page of its own; `quiet()` asserts that it was.
export async function open(browser, name, {width = 1280, height = 900, ...options} = {}) {
  const context = await browser.newContext({viewport: {width, height}, ...options});
  const page = await context.newPage();
  const url = pathToFileURL(path.join(folder, `${name}.html`)).href;
  const noise = [];
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => noise.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => request.url() !== url && noise.push(`request: ${request.url()}`));
  await page.goto(url);
  await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  page.quiet = () => assert.deepEqual(noise, []);
  return page;
}

// How many pixels of a chart have about this colour; all pixels that are drawn on where no colour is given.
// `rows` looks at the topmost ones only.
export async function pixels(page, chart, color = null, rows = Infinity) {
  return page.evaluate(([id, wanted, most]) => {
    const canvas = document.querySelector(`#${id} canvas`);
    const copy = new OffscreenCanvas(canvas.width, Math.min(canvas.height, most ?? canvas.height));
    const context = copy.getContext(
        '2d', {willReadFrequently: true});  // reading the page's own canvas would make Chromium complain
    context.drawImage(canvas, 0, 0);
    const {data} = context.getImageData(0, 0, copy.width, copy.height);
    const near = (i) => Math.abs(data[i] - wanted[0]) + Math.abs(data[i + 1] - wanted[1]) +
            Math.abs(data[i + 2] - wanted[2]) <
        24;
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 200 && (wanted === null || near(i))) count++;
    return count;
  }, [chart, color, Number.isFinite(rows) ? rows : null]);
}

export function cells(page, selector) {
  return page.locator(selector).allInnerTexts();
}
