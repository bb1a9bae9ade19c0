/** A worker for tests to kill: starts the job that it is given and never ends it. Says `started` when it has. */
import { job, mountWork, perform, startWorker } from '@strongroom/jobs'
import { z } from 'zod'

const kind = job({ name: process.env['JOB_KIND'] ?? '', payload: z.object({ row: z.int() }) })
const hang = perform<object>()(kind, async () => {
  process.send?.('started')
  await new Promise((resolve) => setTimeout(resolve, 600_000))
})
startWorker({
  connectionString: process.env['JOB_DATABASE'] ?? '',
  work: [mountWork({ jobs: [hang], deps: {} })],
  concurrency: 1,
})
