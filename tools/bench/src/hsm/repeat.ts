/** What a process that repeats an operation is asked, by its parent. */
export interface RepeatAsk {
  readonly ask: 'repeat'
  readonly operation: string
  readonly seconds: number
}

type Operation = () => unknown

const IN_A_ROW = 50

/** Tells the parent that it is ready, and then, for each ask, how often a second the operation ran in this one thread. */
export function answerRepeats(operations: Readonly<Record<string, Operation>>): void {
  process.on('message', ({ operation, seconds }: RepeatAsk) => {
    const run = operations[operation]
    if (!run) throw new Error(`no operation ${operation}`)
    void repeat(run, seconds).then((perSecond) => process.send?.({ repeat: perSecond }))
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ ready: true })
}

async function repeat(run: Operation, seconds: number): Promise<number> {
  const started = performance.now()
  const over = started + seconds * 1000
  let done = 0
  while (performance.now() < over) {
    for (let times = 0; times < IN_A_ROW; times++) await run()
    done += IN_A_ROW
  }
  return (done / (performance.now() - started)) * 1000
}
