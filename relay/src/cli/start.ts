import { isWorker } from '../modes/workers/role.ts';

// What this process is to be. No `await` outside of a function here and in what is imported: the bundle is not an ES module.
if (isWorker()) void work();
// Apart from the relay, which is not to be loaded with what it does not need.
else if (process.argv[2] === 'migrate') void import('@flagrelay/migrate/command');
else void serve();

async function work(): Promise<void> {
  const [{ runWorker }, { launchDarkly }] = await Promise.all([
    import('../modes/workers/worker.ts'),
    import('../dialects/launchdarkly/dialect.ts'),
  ]);
  runWorker(launchDarkly);
}

async function serve(): Promise<void> {
  const { run } = await import('./run.ts');
  const code = await run(process.argv.slice(2), process.env, {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    onSignal(listener) {
      process.on('SIGTERM', listener);
      process.on('SIGINT', listener);
    },
    onUncaught: (listener) => void process.on('uncaughtException', listener),
    onUnhandled: (listener) => void process.on('unhandledRejection', listener),
  });
  process.exit(code);
}
