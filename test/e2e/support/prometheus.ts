/**
 * A strict reader of the text format of Prometheus, version 0.0.4: refuses what a scraper may refuse.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import assert from 'node:assert/strict';

export interface Metric {
  readonly type: string;
  readonly help: string;
  /** By name with labels in their order: `x_bucket{le="1"}`. */
  readonly samples: ReadonlyMap<string, number>;
}

export function parsePrometheus(text: string): Map<string, Metric> {
  assert.ok(text.endsWith('\n'), 'the last line has an end');
  const metrics = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current = '';
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    const [, helpName, help] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    const [, typeName, type] =
      /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
    if (helpName !== undefined && help !== undefined) {
      assert.equal(metrics.has(helpName), false, `${helpName} is one group of lines`);
      assert.match(
        lines[index + 1] ?? '',
        new RegExp(`^# TYPE ${helpName} `),
        `${helpName} has its type next`,
      );
      metrics.set(helpName, { type: '', help, samples: new Map() });
      current = helpName;
    } else if (typeName !== undefined && type !== undefined) {
      const metric = metrics.get(typeName);
      assert.ok(metric !== undefined && typeName === current && metric.type === '', `type of ${typeName}`);
      metric.type = type;
    } else readSample(line, current, metrics.get(current));
  }
  for (const [name, metric] of metrics) {
    assert.ok(metric.samples.size > 0, `${name} has a sample`);
    if (metric.type === 'histogram') checkHistogram(name, metric);
  }
  return metrics;
}

function readSample(
  line: string,
  family: string,
  metric: { type: string; samples: Map<string, number> } | undefined,
): void {
  const [, name = '', labels = '', value = ''] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? ([0-9.eE+-]+|[+-]Inf|NaN)$/.exec(line) ?? [];
  assert.notEqual(name, '', `not a sample: ${line}`);
  assert.ok(metric, `${name} after its HELP and TYPE`);
  const suffix = name.slice(family.length);
  const allowed = metric.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  assert.ok(name.startsWith(family) && allowed.includes(suffix), `${name} belongs to ${family}`);
  if (labels !== '') assert.match(labels, LABELS, `labels of ${line}`);
  const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="/g)].map(([, label]) => label);
  assert.equal(new Set(names).size, names.length, `each label once: ${line}`);
  assert.ok(Number.isFinite(Number(value)), `a number: ${line}`);
  assert.equal(metric.samples.has(name + labels), false, `once: ${line}`);
  if (metric.type !== 'gauge') assert.ok(Number(value) >= 0, `not below zero: ${line}`);
  metric.samples.set(name + labels, Number(value));
}

/** Buckets grow, end in +Inf, and that is the count. */
function checkHistogram(name: string, { samples }: Metric): void {
  const series = new Map<string, { bound: number; count: number }[]>();
  for (const [key, count] of samples) {
    const [, before = '', le] = /^[a-z_]+_bucket\{(.*?),?le="([^"]+)"\}$/.exec(key) ?? [];
    if (le === undefined) continue;
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    assert.equal(Number.isNaN(bound), false, key);
    series.set(before, [...(series.get(before) ?? []), { bound, count }]);
  }
  for (const [labels, buckets] of series) {
    for (const [i, bucket] of buckets.entries()) {
      const next = buckets[i + 1];
      if (next === undefined) assert.equal(bucket.bound, Number.POSITIVE_INFINITY, `${name} ends in +Inf`);
      else assert.ok(next.bound > bucket.bound && next.count >= bucket.count, `${name} ${labels} grows`);
    }
    const set = labels === '' ? '' : `{${labels}}`;
    assert.equal(samples.get(`${name}_count${set}`), buckets.at(-1)?.count, `${name} ${labels} count`);
    assert.ok(samples.has(`${name}_sum${set}`), `${name} ${labels} has a sum`);
  }
}

const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const LABELS = new RegExp(`^\\{${LABEL}(?:,${LABEL})*\\}$`);
