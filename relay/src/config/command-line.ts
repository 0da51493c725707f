/** What the command line asks for. */
export interface CommandLine {
  readonly command: 'run' | 'check-config' | 'archive-export';
  readonly configFile?: string;
  readonly allowMissingFile: boolean;
  readonly fromEnv: boolean;
  /** `--file`: serve this data file. */
  readonly dataFile?: string;
  /** `--out` of `archive export`. */
  readonly outFile?: string;
  readonly version: boolean;
  readonly help: boolean;
}

/** A command line that is invalid. `message` is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What `--help` prints. */
export const USAGE = `flagrelay [run] [options]           run the relay
flagrelay check-config [options]    print what would run, with secrets masked, or every mistake
flagrelay archive export --out FILE [options]
                                    fetch all environments once and write an offline archive
flagrelay migrate --help            turn an ld-relay's configuration into manifests for Kubernetes

  --config FILE          read FILE: ld-relay's INI format, or JSON if its name ends in .json
                         (/etc/ld-relay.conf when neither this, --from-env nor --file is given)
  --allow-missing-file   FILE need not exist
  --from-env             read environment variables, over what FILE says
  --file FILE            serve a data file with flags and segments (JSON or YAML)
  --version              print the version
  --help                 print this
`;

const VALUE_FLAGS = new Set(['config', 'file', 'out']);
const SWITCHES = new Set(['allow-missing-file', 'from-env', 'version', 'help']);

/** Reads the arguments after the program's name; one or two dashes, `--flag value` or `--flag=value` (contract 4.1). Throws {@link UsageError}. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const given = new Map<string, string>();
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(argument);
    if (!match) {
      words.push(argument);
      continue;
    }
    const flag = match[1] === 'h' ? 'help' : (match[1] ?? '');
    if (VALUE_FLAGS.has(flag)) {
      const value = match[2] ?? argv[++at];
      if (value === undefined || value === '') throw new UsageError(`--${flag} needs a file name`);
      given.set(flag, value);
    } else if (SWITCHES.has(flag)) {
      if (!['true', 'false', undefined].includes(match[2]))
        throw new UsageError(`--${flag} is a switch; it takes no value`);
      if (match[2] !== 'false') given.set(flag, 'true');
    } else {
      throw new UsageError(`unknown option ${argument.split('=')[0]}; see --help`);
    }
  }
  const command = commandOf(words);
  if (command === 'archive-export' && !given.has('out') && !given.has('help')) {
    throw new UsageError('archive export needs --out FILE');
  }
  if (command !== 'archive-export' && given.has('out')) throw new UsageError('--out belongs to "archive export"');
  const [configFile, dataFile, outFile] = [given.get('config'), given.get('file'), given.get('out')];
  return {
    command,
    ...(configFile === undefined ? {} : { configFile }),
    ...(dataFile === undefined ? {} : { dataFile }),
    ...(outFile === undefined ? {} : { outFile }),
    allowMissingFile: given.has('allow-missing-file'),
    fromEnv: given.has('from-env'),
    version: given.has('version'),
    help: given.has('help'),
  };
}

function commandOf(words: readonly string[]): CommandLine['command'] {
  const text = words.join(' ');
  if (text === '' || text === 'run') return 'run';
  if (text === 'check-config') return 'check-config';
  if (text === 'archive export') return 'archive-export';
  throw new UsageError(`unknown command "${text}"; there are run, check-config, archive export and migrate`);
}
