// Reveals the button that copies a checksum or another long value.
for (const group of document.querySelectorAll('[data-copy]')) {
  const button = group.querySelector('button');
  const status = group.querySelector('[role=status]');
  const value = document.getElementById(button.dataset.from);
  if (!navigator.clipboard || !value) continue;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(value.textContent.trim());
      status.textContent = status.dataset.done;
    } catch {
      getSelection().selectAllChildren(value);
    }
  });
  button.hidden = false;
}
