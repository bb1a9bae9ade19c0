import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type Pkcs11 from 'pkcs11js'

// Preloaded into a server that is measured. It sleeps until its parent asks something over IPC.

const NANOSECONDS_IN_A_MILLISECOND = 1e6
let delay: ReturnType<typeof monitorEventLoopDelay> | undefined

const answers: Record<string, () => unknown> = {
  watchLoop() {
    delay ??= monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    delay.reset()
    return 'watching'
  },
  loopDelay: () => (delay?.percentile(99) ?? Number.NaN) / NANOSECONDS_IN_A_MILLISECOND,
  memory() {
    // Twice: what a finalizer lets go of is free only after the next one.
    for (let times = 0; times < 2; times++) globalThis.gc?.()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { heap: heapUsed + external, rss }
  },
}

process.on('message', ({ ask }: { ask?: string }) => {
  const answer = ask && answers[ask]
  if (answer) process.send?.({ [ask]: answer() })
})

// NSS reads its directory from a parameter of C_Initialize that no setting of ours carries. The recovery token is of
// another module, which refuses such a parameter.
const { BENCH_LIBRARY_PARAMETERS: libraryParameters, HSM_MODULE: module = '' } = process.env
if (libraryParameters !== undefined) {
  const ownModule = realpathSync(module)
  const pkcs11js = createRequire(import.meta.url)('pkcs11js') as typeof Pkcs11
  class WithParameters extends pkcs11js.PKCS11 {
    constructor() {
      super()
      const [load, initialise] = [this.load.bind(this), this.C_Initialize.bind(this)]
      let loaded = ''
      this.load = (path) => load((loaded = path))
      this.C_Initialize = (options) =>
        initialise(loaded === ownModule ? { ...options, libraryParameters: `${libraryParameters} ` } : options)
    }
  }
  Object.assign(pkcs11js, { PKCS11: WithParameters })
}
