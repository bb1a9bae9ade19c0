import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('chains', { postgres: true })
