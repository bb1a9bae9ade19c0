import type { Socket } from 'node:net'
import { HsmUnavailable } from '../errors.ts'
import { encodeFrame, type Frame, FrameReader } from './frame.ts'
import { decodeFailure } from './wire-failure.ts'
import { decodeValue, type WireObject, type WireValue } from './wire-value.ts'

interface CallSocketOptions {
  /** For one call, from when it is sent. */
  readonly callMs: number
  onIdle(): void
  /** A call was not answered in time, or the answers make no sense. */
  onBroken(reason: string): void
}

interface Pending {
  readonly resolve: (result: WireValue) => void
  readonly reject: (error: Error) => void
  readonly until: number
}

const LOOKS_PER_CALL = 10

/** Calls to sessions in another process, at most one for each, so that a call's time begins when it is sent. */
export class CallSocket {
  /** That wait at the other end. */
  sessions = 1
  readonly #socket: Socket
  readonly #options: CallSocketOptions
  /** In the order in which they were sent, which is that of their deadlines. */
  readonly #pending = new Map<number, Pending>()
  readonly #reader = new FrameReader()
  readonly #clock: NodeJS.Timeout
  #suspect: Pending | undefined
  #calls = 0
  #isCorked = false
  #isEnded = false

  constructor(socket: Socket, options: CallSocketOptions) {
    this.#socket = socket
    this.#options = options
    this.#clock = setInterval(() => this.#lookForLate(), Math.ceil(options.callMs / LOOKS_PER_CALL)).unref()
    socket.on('data', (piece: Buffer) => this.#receive(piece))
    socket.on('error', () => options.onBroken('the pipe to its process broke'))
    socket.unref()
  }

  get idleSessions(): number {
    return this.#isEnded ? 0 : this.sessions - this.#pending.size
  }

  /** Rejects with what the call threw there, or with `HsmUnavailable`. Throws `HsmRefusal` for a request too large to send. */
  call(name: string, request: unknown): Promise<WireValue> {
    const call = this.#calls++ % 2 ** 32
    const { promise, resolve, reject } = Promise.withResolvers<WireValue>()
    this.#send(encodeFrame(call, { name, request: request as WireValue }))
    if (this.#pending.size === 0) this.#socket.ref()
    this.#pending.set(call, { resolve, reject, until: performance.now() + this.#options.callMs })
    return promise
  }

  /** What was called is answered still. */
  end(): void {
    this.#isEnded = true
    this.#socket.end()
  }

  /** Nothing is answered any more. */
  break(reason: string): void {
    this.#isEnded = true
    clearInterval(this.#clock)
    this.#socket.destroy()
    for (const { reject } of this.#pending.values()) reject(new HsmUnavailable(reason))
    this.#pending.clear()
  }

  /** What one turn of the event loop sends goes out in one system call. */
  #send(frame: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(frame, () => frame.fill(0))
  }

  #receive(piece: Buffer): void {
    try {
      for (const frame of this.#reader.take(piece)) this.#settle(frame)
    } catch {
      this.#options.onBroken('its process answered nonsense')
      return
    }
    if (this.#pending.size === 0) this.#socket.unref()
    this.#options.onIdle()
  }

  #settle({ call, bytes }: Frame): void {
    const { result, failure } = decodeValue(bytes) as WireObject
    bytes.fill(0)
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    if (failure === undefined) pending?.resolve(result)
    else pending?.reject(decodeFailure(failure as WireObject))
  }

  /** Twice in a row: when we were busy ourselves, its answer may have come and not been read. */
  #lookForLate(): void {
    const [oldest] = this.#pending.values()
    const isLate = oldest !== undefined && oldest.until <= performance.now()
    if (isLate && oldest === this.#suspect) this.#options.onBroken(`no answer within ${this.#options.callMs} ms`)
    this.#suspect = isLate ? oldest : undefined
  }
}
