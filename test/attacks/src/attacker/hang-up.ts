import { connect } from 'node:net'
import { setTimeout as pass } from 'node:timers/promises'
import { bodyOf, headersOf, type Question } from './ask.ts'

export interface HangUp {
  question: Question
  /** Milliseconds from the last byte of the question to the hang-up. */
  after: number
}

/** Asks, hangs up with a reset, and says which status it saw until then: 0 if none. */
export function askAndHangUp({ question, after }: HangUp): Promise<number> {
  const { hostname, port } = new URL(question.url)
  return new Promise((resolve) => {
    let seen = ''
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      // The status line is all that a guesser needs; what a server does when he is gone may still give him his guess back.
      if (/^HTTP\/1\.1 \d{3}/.test(seen)) socket.resetAndDestroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(seen)?.[1] ?? 0)))
    socket.write(wireOf(question), () => {
      void pass(after).then(() => socket.resetAndDestroy())
    })
  })
}

export function wireOf(question: Question): string {
  const { host, pathname, search } = new URL(question.url)
  const body = bodyOf(question) ?? ''
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const headers = Object.entries({ host, ...headersOf(question), ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `${question.method} ${pathname}${search} HTTP/1.1\r\n${headers.join('')}\r\n${body}`
}
