function draw(element, words, other) {
  element.innerHTML = words; // found: page-made-by-script
  element.outerHTML = words; // found: page-made-by-script
  element.insertAdjacentHTML('beforeend', words); // found: page-made-by-script
  document.write(words); // found: page-made-by-script
  Object.assign(other, JSON.parse(words)); // found: page-made-by-script
  other.__proto__.a = words; // found: page-made-by-script
  const parsed = JSON.parse(words);
  eval(words); // found: page-made-by-script
  new Function(words); // found: page-made-by-script
  other.postMessage(words, '*'); // found: page-made-by-script
  window.addEventListener('message', draw); // found: page-made-by-script
  element.textContent = words;
}
