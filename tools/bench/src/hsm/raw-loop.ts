import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { provisionToken } from './token.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, '../../native/raw-loop.c')
const headers = join(dirname(createRequire(import.meta.url).resolve('pkcs11js')), 'includes/pkcs11')

export interface RawOutcome {
  readonly perSecond: number
  /** By which the resident set grew for each operation. */
  readonly bytesEach: number
}

/** The same calls from C, on a token of its own of the same kind. */
export interface RawLoop {
  repeat(operation: string, until: { seconds: number } | { count: number }): Promise<RawOutcome>
  stop(): Promise<void>
}

/** Compiles the loop with the machine's compiler, which pkcs11js has needed before. */
export async function openRawLoop(module?: string): Promise<RawLoop> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-raw-'))
  const program = join(directory, 'raw-loop')
  execFileSync('cc', ['-O2', '-o', program, source, `-I${headers}`, '-ldl'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const { token, source: pkcs11 } = await provisionToken(module)
  const env = {
    ...pkcs11.environment,
    RAW_PIN: Buffer.from(token.pin.expose()).toString('utf8'),
    ...(pkcs11.libraryParameters !== undefined && { RAW_PARAMETERS: pkcs11.libraryParameters }),
  }
  return {
    async repeat(operation, until) {
      const [kind, amount] =
        'seconds' in until ? (['seconds', until.seconds] as const) : (['count', until.count] as const)
      const { stdout } = await run(program, [pkcs11.path, token.tokenLabel, operation, kind, String(amount)], {
        env,
      })
      const [done = 0, seconds = 0, bytes = 0] = stdout.trim().split(' ').map(Number)
      return { perSecond: done / seconds, bytesEach: bytes / done }
    },
    async stop() {
      await token.remove()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
