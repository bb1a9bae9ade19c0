import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, readAnswer } from './read-answer.ts'

/** One kept-alive connection with at most one request under way. */
export class HttpConnection {
  readonly #socket: Socket
  #received: Buffer[] = []
  /** So many bytes have to come before another look is worth it: of long answers each look copies all that is here. */
  #missing = 0
  #answered: ((answer: Answer) => void) | undefined
  #failed: ((error: Error) => void) | undefined

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new HttpConnection(socket)
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#failed?.(error))
    socket.on('close', () => this.#failed?.(new Error('the server closed the connection')))
  }

  /** Resolves once the whole answer is here. */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#socket.write(request, 'latin1')
    })
  }

  close(): void {
    this.#failed = undefined
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#missing -= chunk.length
    if (this.#missing > 0) return
    const received = this.#received.length === 1 ? chunk : Buffer.concat(this.#received)
    const answer = readAnswer(received)
    const isWhole = typeof answer !== 'number'
    this.#received = isWhole ? [] : [received]
    this.#missing = isWhole ? 0 : answer
    if (isWhole) this.#answered?.(answer)
  }
}
