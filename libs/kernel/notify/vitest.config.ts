import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('notify', { postgres: true })
