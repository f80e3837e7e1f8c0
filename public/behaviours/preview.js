// Shows words in the place of a preview that cannot be made.
for (const box of document.querySelectorAll('[data-preview]')) {
  const [picture, words] = box.children;
  const image = picture.querySelector('img');
  const missing = () => {
    picture.hidden = true;
    words.hidden = false;
  };
  // It may have come to nothing before this script was there.
  if (image.complete && image.naturalWidth === 0) missing();
  else image.addEventListener('error', missing);
}
