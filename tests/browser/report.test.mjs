// The report as its reader meets it.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {cells, open, pixels, startBrowser} from './pages.mjs';

const kSweeps =
    ['quickstart', 'running', 'diverged', 'one', 'words', 'seeds', 'thousand', 'hostile', 'empty'];
const kBlue = {
  light: [11, 98, 184],
  dark: [108, 182, 255]
};                            // of the first optimizer
const kGreen = [4, 120, 87];  // of the third, in light

let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
});

function check(name, sweep, options, story) {
  test(name, async () => {
    const page = await open(browser, sweep, options);
    await story(page);
    page.quiet();
    await page.context().close();
  });
}

for (const sweep of kSweeps) {
  check(`${sweep}: loads without a word to the console or a request`, sweep, {}, async (page) => {
    assert.ok((await page.locator('#answer').innerText()).length > 5);
    assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true,
        'scrolls sideways');
  });
}

check('the answer, the best line and its edge stand at the top', 'quickstart', {}, async (page) => {
  assert.match(
      await page.locator('#answer').innerText(), /best: adamw batch 8 width 160 lr=3e-3: val loss 1\.824/i);
  assert.match(await page.locator('#results tbody tr').first().innerText(), /adamw batch 8 width 160\s+3e-3/);
  assert.equal(await page.locator('#results .edge').count(), 2);
  const box = await page.locator('#results table').boundingBox();
  assert.ok(box.y < 400, 'visible without scrolling');
});

check('every chart has drawn its lines', 'quickstart', {colorScheme: 'light'}, async (page) => {
  for (const chart of ['sensitivity', 'loss', 'gradient']) {
    assert.ok(await pixels(page, chart, kBlue.light) > 200, `${chart}: sgd`);
    assert.ok(await pixels(page, chart, kGreen) > 200, `${chart}: adamw`);
  }
});

check('gradient norms of blocks show their spread, and each block can be chosen', 'seeds', {}, async (page) => {
  assert.match(await page.locator('#spread-title').innerText(), /gradient norms of blocks, largest/i);
  assert.ok(await page.locator('#spread canvas').isVisible());
  const keys = await page.locator('#choose-key option').allInnerTexts();
  assert.ok(keys.includes('grad norm of blocks.3'), keys.join());
  assert.ok(!keys.some((key) => /spread/.test(key)), keys.join());
});

check('a sweep without such norms has no chart of them', 'quickstart', {}, async (page) => {
  assert.equal(await page.locator('#spread').count(), 0);
});

check(
    'diverged and out-of-memory jobs stand at the top edge', 'quickstart', {colorScheme: 'light'},
    async (page) => {
      assert.match(
          await page.locator('#sensitivity .note').innerText(),
          /✕ diverged, ■ out of memory|■ out of memory, ✕ diverged/);
      const marked = await pixels(page, 'sensitivity', kGreen, 60);
      assert.ok(marked > 60, `adamw's marks in the top band: ${marked} pixels`);
      await page.locator('#sensitivity summary').click();
      const rows = await cells(page, '#sensitivity .twin tbody tr');
      assert.equal(rows.filter((row) => /diverged/.test(row)).length, 3);
      assert.equal(rows.filter((row) => /out of memory/.test(row)).length, 1);
    });

check('a sweep without any result still shows its jobs', 'diverged', {}, async (page) => {
  assert.match(await page.locator('#answer').innerText(), /no job reached its end: 3 diverged/i);
  assert.ok(await pixels(page, 'sensitivity') > 100);
  assert.ok(await pixels(page, 'loss') > 500);
});

check('columns sort both ways, by number', 'quickstart', {}, async (page) => {
  const head = page.locator('#jobs thead button', {hasText: /^val loss$/});
  const column = await page.locator('#jobs thead th')
                     .evaluateAll((all) => all.findIndex((th) => th.innerText.startsWith('val loss')));
  const values = async () => (await cells(page, `#jobs tbody tr > :nth-child(${column + 1})`))
                                 .map(Number)
                                 .filter((v) => !Number.isNaN(v));
  await head.click();
  const up = await values();
  assert.deepEqual(up, [...up].sort((a, b) => a - b));
  assert.equal(await page.locator('#jobs thead th[aria-sort="ascending"]').count(), 1);
  await head.click();
  assert.deepEqual(await values(), [...up].reverse());
  assert.match(
      await page.locator('#jobs tbody tr').last().innerText(), /diverged|out of memory/,
      'without a figure: last both ways');
});

check(
    'the filter takes words and comparisons and says what it does not know', 'quickstart', {},
    async (page) => {
      const rows = () => page.locator('#jobs tbody tr').count();
      await page.fill('#filter', 'optimizer=adamw lr>=1e-3 val_loss<2');
      assert.equal(await rows(), 7);
      await page.fill('#filter', 'diverged');
      assert.equal(await rows(), 3);
      assert.match(await page.locator('#jobs [role=status]').innerText(), /3 of 34 jobs/);
      await page.fill('#filter', 'momentum>1');
      assert.match(
          await page.locator('#jobs [role=status]').innerText(),
          /No job has "momentum"\. Axes: optimizer, lr/);
      await page.fill('#filter', '');
      assert.equal(await rows(), 34);
    });

check(
    'curves follow the filter, the scales and the smoothing', 'quickstart', {colorScheme: 'light'},
    async (page) => {
      const before = await pixels(page, 'loss', kBlue.light);
      await page.fill('#filter', 'optimizer=adam');
      await page.selectOption('#choose-show', 'filter');
      assert.equal(await pixels(page, 'loss', kBlue.light), 0, 'sgd is filtered out');
      await page.selectOption('#choose-show', 'all');
      assert.ok(await pixels(page, 'loss', kBlue.light) > before / 2);
      for (const x of ['tokens', 'seconds']) {
        await page.selectOption('#choose-x', x);
        assert.match(await page.locator('#loss canvas').getAttribute('aria-label'), new RegExp(`over ${x}`));
        assert.ok(await pixels(page, 'loss') > 1000, x);
      }
      await page.check('#toggle-logX');
      await page.check('#toggle-logY');
      assert.ok(await pixels(page, 'loss') > 1000, 'log scales');
      await page.locator('#smoothing').fill('0.9');
      assert.match(await page.locator('#loss .note').innerText(), /weight 0\.90, raw values faint behind/);
      await page.locator('#smoothing').fill('0');
      assert.doesNotMatch(await page.locator('#loss .note').innerText(), /weight/);
    });

check(
    'a legend hides its line everywhere and brings it back', 'quickstart', {colorScheme: 'light'},
    async (page) => {
      for (const name of ['sgd batch 8', 'sgd batch 16'])
        await page.locator('#curves .legend button', {hasText: new RegExp(`^${name}$`)}).click();
      for (const chart of ['sensitivity', 'loss', 'gradient'])
        assert.equal(await pixels(page, chart, kBlue.light), 0, chart);
      assert.equal(
          await page.locator('.legend button[aria-pressed="false"]').count(), 4, 'both legends say so');
      await page.locator('#answer-chart .legend button', {hasText: /^sgd batch 8$/}).click();
      assert.ok(await pixels(page, 'loss', kBlue.light) > 100);
    });

check('hiding every line is no dead end', 'quickstart', {colorScheme: 'light'}, async (page) => {
  const lines = await page.locator('#curves .legend button').count();
  for (let i = 0; i < lines; i++) await page.locator('#curves .legend button').nth(i).click();
  assert.equal(await page.locator('#loss canvas:visible').count(), 0);
  await page.locator('#curves .legend button').first().click();
  assert.ok(await pixels(page, 'loss', kBlue.light) > 100);
});

check('a row under the pointer lights its curve', 'quickstart', {colorScheme: 'light'}, async (page) => {
  const before = await pixels(page, 'loss', kGreen);
  await page.locator('#jobs tbody tr[data-job="0"]').hover();
  await page.waitForFunction(
      () => document.querySelector('#jobs tr[data-job="0"]').classList.contains('lit'));
  assert.ok(await pixels(page, 'loss', kGreen) < before / 2, 'the others fade');
  assert.ok(await pixels(page, 'loss', kBlue.light) > 100, 'its own stands out');
});

check('a point under the pointer tells its values and opens its job', 'quickstart', {}, async (page) => {
  await page.locator('#sensitivity').scrollIntoViewIfNeeded();
  const target = await page.evaluate(() => {
    const over = document.querySelector('#sensitivity .u-over').getBoundingClientRect();
    return {x: over.left, y: over.top, width: over.width, height: over.height};
  });
  let tip = '';
  for (let share = 0.2; share < 1 && !/best of its line/.test(tip); share += 0.02) {
    await page.mouse.move(target.x + target.width * 0.38, target.y + target.height * share);
    tip = await page.locator('#sensitivity .tip').innerText();
  }
  assert.match(tip, /lr = 3e-3[^]*val loss \d\.\d+[^]*best of its line/);
  await page.mouse.down();
  await page.mouse.up();
  assert.equal(await page.locator('.detail').count(), 1);
});

check('a job opens to its exact spec, by mouse and by keyboard', 'quickstart', {}, async (page) => {
  await page.locator('#jobs tbody tr[data-job="3"] button').focus();
  await page.keyboard.press('Enter');
  const spec = await page.locator('#job-4 pre').innerText();
  assert.equal(JSON.parse(spec).optimizer.learning_rate, 0.03);
  assert.equal(await page.evaluate(() => document.activeElement.innerText), '4', 'the focus stays');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#job-4').count(), 0);
  await page.locator('#results a').first().click();
  assert.equal(await page.locator('#job-32').count(), 1);
  assert.equal(await page.locator('#files pre').isVisible(), false);
  await page.locator('#files summary').click();
  assert.match(await page.locator('#files pre').innerText(), /sweep:/);
});

check('dark follows the system and the switch', 'quickstart', {colorScheme: 'dark'}, async (page) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  assert.ok(await pixels(page, 'loss', kBlue.dark) > 200);
  await page.click('#theme');
  assert.notEqual(await background(), dark);
  assert.ok(await pixels(page, 'loss', kBlue.light) > 200);
  assert.equal(await pixels(page, 'loss', kBlue.dark), 0);
});

for (const colorScheme of ['light', 'dark']) {
  check(`text has the contrast of AA in ${colorScheme}`, 'quickstart', {colorScheme}, async (page) => {
    const poor = await page.evaluate(() => {
      const parse = (color) => color.match(/[\d.]+/g).map(Number);
      const light = (rgb) => {
        const [r, g, b] = rgb.slice(0, 3).map(
            (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
          const color = parse(getComputedStyle(at).backgroundColor);
          if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
      };
      const found = [];
      for (const node of document.querySelectorAll(
               'h1,h2,h3,p,li,th,td,label,summary,a,button,.edge,.state,footer')) {
        if (!node.innerText?.trim() || node.offsetParent === null) continue;
        const [a, b] =
            [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
        if ((a + 0.05) / (b + 0.05) < 4.5)
          found.push(`${node.tagName}.${node.className} "${node.innerText.slice(0, 30)}" ${
              ((a + 0.05) / (b + 0.05)).toFixed(2)}`);
      }
      return [...new Set(found)];
    });
    assert.deepEqual(poor, []);
  });
}

check(
    'at the width of a phone only tables scroll sideways', 'quickstart', {width: 400, height: 800},
    async (page) => {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
      assert.ok((await page.locator('#loss canvas').boundingBox()).width <= 380);
    });

check('the charts follow the window', 'quickstart', {}, async (page) => {
  await page.setViewportSize({width: 700, height: 800});
  await page.waitForFunction(
      () => document.querySelector('#loss canvas').getBoundingClientRect().width < 660);
});

check(
    'on paper it is light, whole and without switches', 'quickstart', {colorScheme: 'dark'}, async (page) => {
      await page.emulateMedia({media: 'print'});
      await page.waitForFunction(() => document.documentElement.classList.contains('printing'));
      assert.equal(
          await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
      assert.equal(await page.locator('.controls:visible').count(), 0);
      assert.ok(await pixels(page, 'loss', kBlue.light) > 200);
      const pdf = await page.pdf({format: 'A4'});
      assert.ok(pdf.length > 50_000);
    });

check('names that are markup are shown as they are', 'hostile', {}, async (page) => {
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.locator('img').count(), 0);
  assert.match(await page.locator('h1').innerText(), /<\/script><script>window\.broken=1/);
  await page.locator('#jobs tbody button').first().click();
  assert.match(await page.locator('.detail').innerText(), /<img src=x onerror=/);
  assert.equal(await page.evaluate(() => window.broken), undefined);
});

check('a thousand jobs: all listed, the best drawn, and the page says so', 'thousand', {}, async (page) => {
  assert.equal(await page.locator('#jobs tbody tr').count(), 1000);
  assert.match(await page.locator('#loss .note').innerText(), /curves of the 60 best of 1000 jobs/);
  await page.selectOption('#choose-show', 'all');
  assert.ok(await pixels(page, 'loss') > 1000);
});

check('seeds are one line with means', 'seeds', {}, async (page) => {
  assert.match(await page.locator('#sensitivity .note').innerText(), /means over seeds/);
  assert.equal(await page.locator('#results tbody tr').count(), 1);
});
