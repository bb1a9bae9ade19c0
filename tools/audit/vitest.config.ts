import { testsOf } from '../../vitest.shared.ts'

export default testsOf('audit-tool', { postgres: true })
