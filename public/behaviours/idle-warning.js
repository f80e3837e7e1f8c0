// Warns before a session ends by itself and lets it go on (WCAG 2.2, 2.2.1). What one page learns, the others of this browser know.
const box = document.querySelector('dialog[data-idle]');
if (box) {
  const tabs = new BroadcastChannel('gotgan-session');
  let ends = { idle: 0, last: 0 };
  let timer;

  const show = (name, at) => {
    for (const part of box.querySelectorAll('[data-part]')) {
      part.hidden = !part.dataset.part.split(' ').includes(name);
      if (part.dataset.sentence) part.textContent = part.dataset.sentence.replace('{at}', at);
    }
    if (!box.open) box.showModal();
  };
  const look = () => {
    clearTimeout(timer);
    const now = Date.now();
    const end = Math.min(ends.idle, ends.last);
    const from = end - Number(box.dataset.warn) * 1000;
    if (now < from) box.close();
    else {
      const clock = new Date(end).toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
      show(now >= end ? 'over' : ends.last <= ends.idle ? 'last' : 'soon', clock);
    }
    if (now < end) timer = setTimeout(look, (now < from ? from : end) - now);
  };
  const begin = ({ seconds, left }) => {
    ends = { idle: Date.now() + seconds * 1000, last: Date.now() + left * 1000 };
    tabs.postMessage(ends);
    look();
  };

  tabs.addEventListener('message', ({ data }) => {
    if (data.idle <= ends.idle) return;
    ends = data;
    look();
  });
  // A computer that slept has stopped its timers.
  document.addEventListener('visibilitychange', () => !document.hidden && look());
  box.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const headers = { Accept: 'application/json', 'X-CSRF-Token': document.querySelector('meta[name=csrf]').content };
    const answer = await fetch(box.dataset.stay, { method: 'POST', headers }).catch(() => undefined);
    if (answer?.ok) begin(await answer.json());
    // Without an answer the warning stays, and the button can be pressed again.
    else if (answer) show('over', '');
  });
  begin({ seconds: Number(box.dataset.idle), left: Number(box.dataset.left) });
}
