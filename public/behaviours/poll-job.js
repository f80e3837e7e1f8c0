// Keeps the text and bar of running work fresh: every 3 s while the page is seen, spoken at every quarter and at the end.
// The address answers JSON { text, value, max, note?, finished, failed? }.
const pause = 3000;

for (const box of document.querySelectorAll('[data-job]')) {
  const part = (name) => box.querySelector(`[data-job-${name}]`);
  const bar = box.querySelector('progress');
  const quarter = (value, max) => (max > 0 ? Math.floor((4 * value) / max) : 0);
  let spoken = quarter(bar.value, bar.max);

  const show = (state) => {
    part('text').textContent = state.text;
    if (part('note')) part('note').textContent = state.note ?? '';
    bar.max = state.max || 1;
    bar.value = state.value;
    const now = quarter(state.value, state.max);
    if (now > spoken || state.finished) part('status').textContent = state.text;
    spoken = now;
  };

  const ask = async () => {
    if (document.hidden) {
      document.addEventListener('visibilitychange', ask, { once: true });
      return;
    }
    try {
      const answer = await fetch(box.dataset.job, { headers: { accept: 'application/json' } });
      if (!answer.ok) return;
      const state = await answer.json();
      show(state);
      if (state.finished) return;
    } catch {
      // Offline for a moment: ask again, the link to refresh is there all the time.
    }
    setTimeout(ask, pause);
  };
  setTimeout(ask, pause);
}
