export { countJobs, type JobCount, retryParked } from './count.ts'
export { WorkerDied } from './dead-workers.ts'
export { AnswerLost } from './lost-jobs.ts'
export { addJob, addJobs, enqueue, type EnqueueOptions } from './enqueue.ts'
export { type IdsShape, job, type JobKind } from './job.ts'
export { mountWork, type Work } from './mount.ts'
export { type Attempt, type JobHandler, perform } from './perform.ts'
export { areJobsMigrated, migrateJobs } from './schema.ts'
export { runSweepsNow, sweep, type Sweep } from './sweep.ts'
export type { JobFailure, JobSuccess, Listeners, SweepFailure } from './tell.ts'
export { startWorker, type Worker, type WorkerOptions } from './worker.ts'
export { completionSweep } from './recipients/begin-completion.ts'
export { beginCompletion, type CompletionDeps, completePage, pageCompleter } from './recipients/complete-page.ts'
export { indexRebuilder, type RebuildDeps, rebuildPage, rebuildSweep } from './indexes/rebuild-page.ts'
export { type IndexedRow, type MacColumn, macColumn } from './indexes/mac-column.ts'
export {
  BEFORE_EVERY_UUID,
  countRows,
  type ReplaceDeps,
  type SealedColumn,
  type SealedRow,
} from './recipients/sealed-column.ts'
