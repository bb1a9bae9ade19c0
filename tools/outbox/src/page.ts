import type { Delivery } from './mailbox.ts'
import { style } from './style.ts'

const MOST_SHOWN = 200

/** The page for people: newest first, without a script. */
export function page(deliveries: readonly Delivery[]): string {
  const shown = deliveries.slice(0, MOST_SHOWN)
  const count = `${String(deliveries.length)} kept, ${String(shown.length)} shown, newest first`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox</title>
<style>${style}</style>
</head>
<body>
<header><h1>Outbox</h1><p>${count}. <a href="/">Look again</a>. <a href="/messages">As JSON</a>.</p></header>
<main>
${shown.map(article).join('\n')}
</main>
</body>
</html>
`
}

const article = ({ number, channel, to, subject, text, html, data, at }: Delivery): string => `<article>
<h2>${channel} to <a href="/?to=${escape(encodeURIComponent(to))}">${escape(to)}</a>, <time datetime="${at}">${at}</time></h2>
${subject && `<p><strong>${escape(subject)}</strong></p>`}
<pre>${escape(text)}</pre>
${Object.entries(data).map(dataLine).join('\n')}
${html && `<iframe sandbox title="${escape(subject || 'mail')}" src="/html/${String(number)}"></iframe>`}
</article>`

const dataLine = ([name, value]: readonly [string, string]) => `<pre>${escape(name)}: ${escape(value)}</pre>`

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? one)
