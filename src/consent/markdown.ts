// Markdown of documents as HTML that cannot run: markup in the source is shown as text, links lead only to pages and mail.
import { createRequire } from 'node:module';
import type { Marked, Tokens } from 'marked';

// Loaded when a text is shown: a process without pages shows none, and it would be 3 MiB of it (docs/decisions/0061).
const library = () => createRequire(import.meta.url)('marked') as typeof import('marked');

const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const asText = (text: string) => text.replace(/[&<>"']/g, (sign) => escaped[sign] ?? '');

const harmless = (href: string) => /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(href);

/** A renderer of its own a level: `marked` itself is never configured, since others in the process may use it. */
function renderer(lowerBy: number): Marked {
  const { Marked } = library();
  return new Marked({
    gfm: true,
    renderer: {
      html: ({ text }: Tokens.HTML | Tokens.Tag) => asText(text),
      image: ({ text }: Tokens.Image) => asText(text),
      heading({ tokens, depth }: Tokens.Heading) {
        // The title is printed by the page around the text.
        if (depth === 1) return '';
        const level = Math.min(depth + lowerBy, 6);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const text = this.parser.parseInline(tokens);
        return harmless(href) ? `<a href="${asText(href)}">${text}</a>` : text;
      },
      tablecell({ header, tokens }: Tokens.TableCell) {
        const text = this.parser.parseInline(tokens);
        return header ? `<th scope="col">${text}</th>\n` : `<td>${text}</td>\n`;
      },
    },
  });
}

/** @returns the text without its title, and the same to be read inside another page (headings a level lower) */
export function rendered(markdown: string): { html: string; innerHtml: string } {
  const html = (lowerBy: number) => renderer(lowerBy).parse(markdown, { async: false });
  return { html: html(0), innerHtml: html(1) };
}
