import { Eta } from 'eta/core'

const eta = new Eta({ autoEscape: true, autoTrim: false })

/**
 * The one look of every mail: a title, a heading, a body. Readable without styles, at any width, in the dark and by a
 * screen reader; nothing in it is fetched from anywhere, so that opening a mail tells nobody.
 */
const page = eta.compile(`<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title><%= it.title %></title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<main role="main" style="max-width:36em;margin:0 auto">
<h1 style="font-size:20px;line-height:1.3"><%= it.title %></h1>
<%~ it.body %>
</main>
</body>
</html>
`)

/** `body` is HTML that is escaped already; the rest is escaped here. */
export const layOut = (parts: { title: string; body: string; language: string }): string => page.call(eta, parts)
