import base from './vitest.config.ts';
const include = 'test/state/{session,session-key,binding,turns,store,session-save,cookie,session-kinds,faults-session,session-signout,session-renewal,session-tabs}.test.ts'.split(';');
export default { ...base, test: { ...base.test, include, isolate: false, pool: "threads" } };
