import { testsOf } from '../../../vitest.shared.ts'

// Its modules keep no state and no test changes what is global: loaded once, not for every file, they cost a third less.
export default testsOf('identity', { postgres: true, isolate: false })
