import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** Something outside the process that every answer needs; here the hashing, in ours the token. */
export interface HashService {
  hash(pin: string, salt: string): Promise<string>
  stop(): void
  restart(): void
}

/** Node's defaults: N=16384, r=8, p=1, 32 bytes. */
export function startHashService(): HashService {
  let running = true
  return {
    hash: async (pin, salt) => {
      if (!running) throw new Error('hash service: connection refused')
      return (await derive(pin, Buffer.from(salt, 'base64'), 32)).toString('base64')
    },
    stop: () => void (running = false),
    restart: () => void (running = true),
  }
}

export const drawSecret = (): string => randomBytes(32).toString('base64')
