// A QR code as the path of an SVG: no image request, no script, in the colour of the text.
import { createRequire } from 'node:module';

type Modules = { readonly size: number; readonly data: Uint8Array };

// Its types ask for those of a browser; the one function that is used is written down here.
type Library = { create(text: string): { modules: Modules } };
// Loaded when the first one is drawn: few processes ever draw one.
const library = (): Library => createRequire(import.meta.url)('qrcode');

/** @returns the length of a side in modules and an SVG path that fills every dark one */
export function qrCode(text: string): { readonly size: number; readonly path: string } {
  const { size, data } = library().create(text).modules;
  const dark = Array.from(data.keys()).filter((index) => data[index]);
  return { size, path: dark.map((index) => `M${index % size} ${Math.floor(index / size)}h1v1h-1z`).join('') };
}
