import { Eta } from 'eta/core'
import type { z } from 'zod'
import { layOut } from './layout.ts'
import { oneLine } from './one-line.ts'

/** The words of a message, to be spread into one: `{ id, channel, to, ...code.render({ code }) }`. */
export interface Rendered {
  readonly subject: string
  readonly text: string
  readonly html?: string
}

export interface TemplateOptions<Data extends z.ZodObject> {
  /** What the words are filled with: a link belongs in here as `z.url({ protocol: /^https$/ })`. */
  readonly data: Data
  readonly subject: string
  readonly text: string
  /** The body alone; the shared layout goes around it. Everything filled in is escaped. */
  readonly html?: string
  /** BCP 47; `en` where none is given. */
  readonly language?: string
}

export interface Template<Data extends z.ZodObject> {
  /** @throws TypeError where the data does not fit or lacks what the words name; never repeats the data. */
  render(data: z.input<Data>): Rendered
}

const plain = new Eta({ autoEscape: false, autoTrim: false })
const escaping = new Eta({ autoEscape: true, autoTrim: false })
const rawTag = /<%[-_]?\s*~/

/**
 * Words with holes, in Eta's syntax: `Your verification code is: <%= it.code %>`.
 * @throws where the syntax is wrong, or the HTML has an unescaped hole: at start, not at the first mail.
 */
export function template<Data extends z.ZodObject>(options: TemplateOptions<Data>): Template<Data> {
  const { data: schema, html, language = 'en' } = options
  if (html !== undefined && rawTag.test(html)) throw new TypeError('a template for HTML escapes whatever it is given')
  const fillSubject = compile(plain, options.subject)
  const fillText = compile(plain, options.text)
  const fillHtml = html === undefined ? undefined : compile(escaping, html)
  return {
    render(data) {
      const it = checkData(schema, data)
      const subject = oneLine(fillSubject(it))
      const text = fillText(it)
      if (!fillHtml) return { subject, text }
      return { subject, text, html: layOut({ title: subject, body: fillHtml(it), language }) }
    },
  }
}

const compile = (eta: Eta, words: string) => {
  const fill = eta.compile(words)
  return (it: object) => fill.call(eta, it)
}

/** A hole that the data does not fill would be sent as "undefined": it throws instead. */
function checkData(schema: z.ZodObject, data: unknown): object {
  const checked = schema.safeParse(data)
  if (!checked.success) {
    const fields = checked.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw new TypeError(`the data of a template does not fit in: ${fields}`)
  }
  return new Proxy(checked.data, {
    get(found, name) {
      if (Object.hasOwn(found, name)) return Reflect.get(found, name) as unknown
      throw new TypeError(`a template names ${String(name)}, which its data lacks`)
    },
  })
}
