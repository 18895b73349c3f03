/*
 * Inflate (RFC 1951): program images that few calls need are kept compressed in the executable. A block is
 * three bits of header and then stored bytes, or symbols in Huffman codes that are fixed or described first:
 *
 *   stream   ├─ block ─┼─ block ─┼ … ┤            bits of a byte are used from the lowest
 *   symbol   0–255 a byte · 256 end of the block · 257–285 a length, after which a distance follows
 *
 * Every read is held against the end of the input, every write against the end of the output.
 */
#include <string.h>
#include "host.h"

enum {
  MAX_BITS = 15,        /* of a code */
  FAST_BITS = 9,        /* codes up to this length are found with one look */
  LITERALS = 288,
  DISTANCES = 30,
  END_OF_BLOCK = 256,
  FAST_SYMBOL_BITS = 9, /* of an entry of `fast`: the length of the code stands above them */
};

struct stream {
  const uint8_t *next, *end;
  uint64_t window; /* bits that were read and not yet used */
  int count;       /* how many */
  uint8_t *out, *out_start, *out_end;
};

struct code {
  uint16_t counts[MAX_BITS + 1]; /* codes of each length */
  uint16_t symbols[LITERALS];    /* by their codes */
  uint16_t fast[1 << FAST_BITS]; /* by the next bits; 0 for a longer code */
};

static void fill(struct stream *s) {
  for (; s->count <= 56 && s->next < s->end; s->count += 8) s->window |= (uint64_t)*s->next++ << s->count;
}

/* The next `count` bits, at most 16, or -1 at the end of the input. */
static int take(struct stream *s, int count) {
  fill(s);
  if (s->count < count) return -1;
  int value = (int)(s->window & ((1u << count) - 1));
  s->window >>= count;
  s->count -= count;
  return value;
}

static unsigned reversed(unsigned bits, int count) {
  unsigned result = 0;
  for (; count > 0; count--, bits >>= 1) result = result << 1 | (bits & 1);
  return result;
}

/* Codes of `lengths`, canonically: by length, then by symbol. False when there are more than fit. */
static bool build(struct code *code, const uint8_t *lengths, int symbols) {
  uint16_t offsets[MAX_BITS + 2] = {0}, first[MAX_BITS + 1] = {0};
  memset(code, 0, sizeof *code);
  for (int i = 0; i < symbols; i++) code->counts[lengths[i]]++;
  code->counts[0] = 0;
  int left = 1;
  for (int length = 1; length <= MAX_BITS; length++) {
    left = left * 2 - code->counts[length];
    if (left < 0) return false;
    first[length] = (uint16_t)((first[length - 1] + code->counts[length - 1]) << 1);
    offsets[length + 1] = (uint16_t)(offsets[length] + code->counts[length]);
  }
  for (int i = 0; i < symbols; i++) {
    int length = lengths[i];
    if (length == 0) continue;
    code->symbols[offsets[length]++] = (uint16_t)i;
    unsigned bits = reversed(first[length]++, length);
    if (length > FAST_BITS) continue;
    for (unsigned at = bits; at < 1u << FAST_BITS; at += 1u << length) {
      code->fast[at] = (uint16_t)(length << FAST_SYMBOL_BITS | i);
    }
  }
  return true;
}

/* The next symbol, or -1. */
static int decode(struct stream *s, const struct code *code) {
  fill(s);
  unsigned entry = code->fast[s->window & ((1u << FAST_BITS) - 1)];
  int length = (int)(entry >> FAST_SYMBOL_BITS);
  if (length > 0) return take(s, length) < 0 ? -1 : (int)(entry & ((1u << FAST_SYMBOL_BITS) - 1));
  int bits = 0, first = 0, index = 0;
  for (length = 1; length <= MAX_BITS; length++) {
    int bit = take(s, 1);
    if (bit < 0) return -1;
    bits = bits << 1 | bit;
    int count = code->counts[length];
    if (bits - first < count) return code->symbols[index + bits - first];
    index += count;
    first = (first + count) << 1;
  }
  return -1;
}

/* Repeats `length` bytes from `distance` back; they may overlap with what is written. */
static bool repeat(struct stream *s, int length, int distance) {
  if (distance > s->out - s->out_start || length > s->out_end - s->out) return false;
  for (; length > 0; length--, s->out++) *s->out = s->out[-distance];
  return true;
}

static bool inflate_symbols(struct stream *s, const struct code *literals, const struct code *distances) {
  static const uint16_t length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t length_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t distance_base[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,
                                           33,  49,  65,  97,  129, 193,  257,  385,  513,  769,
                                           1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  for (;;) {
    int symbol = decode(s, literals);
    if (symbol == END_OF_BLOCK) return true;
    if (symbol < 0 || symbol > END_OF_BLOCK + (int)(sizeof length_bits)) return false;
    if (symbol < END_OF_BLOCK) {
      if (s->out == s->out_end) return false;
      *s->out++ = (uint8_t)symbol;
      continue;
    }
    int more = take(s, length_bits[symbol - END_OF_BLOCK - 1]);
    int distance = decode(s, distances);
    if (more < 0 || distance < 0 || distance >= DISTANCES) return false;
    int further = take(s, distance < 2 ? 0 : distance / 2 - 1);
    if (further < 0) return false;
    if (!repeat(s, length_base[symbol - END_OF_BLOCK - 1] + more, distance_base[distance] + further)) return false;
  }
}

static bool inflate_stored(struct stream *s) {
  if (take(s, s->count % 8) < 0) return false;
  int length = take(s, 16), inverse = take(s, 16);
  if (length < 0 || inverse < 0 || (length ^ inverse) != 0xffff || length > s->out_end - s->out) return false;
  for (; length > 0; length--) {
    int byte = take(s, 8);
    if (byte < 0) return false;
    *s->out++ = (uint8_t)byte;
  }
  return true;
}

static bool inflate_fixed(struct stream *s) {
  uint8_t lengths[LITERALS];
  for (int i = 0; i < LITERALS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  struct code literals, distances;
  if (!build(&literals, lengths, LITERALS)) return false;
  memset(lengths, 5, DISTANCES);
  return build(&distances, lengths, DISTANCES) && inflate_symbols(s, &literals, &distances);
}

/* Lengths of the codes of a block, which are in a code themselves: 16 repeats the last, 17 and 18 zero. */
static bool read_lengths(struct stream *s, const struct code *code, uint8_t *lengths, int count) {
  for (int i = 0; i < count;) {
    int symbol = decode(s, code);
    if (symbol < 0 || symbol > 18 || (symbol == 16 && i == 0)) return false;
    if (symbol < 16) {
      lengths[i++] = (uint8_t)symbol;
      continue;
    }
    int more = take(s, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    int times = more + (symbol == 18 ? 11 : 3);
    if (more < 0 || times > count - i) return false;
    memset(lengths + i, symbol == 16 ? lengths[i - 1] : 0, (size_t)times);
    i += times;
  }
  return true;
}

static bool inflate_dynamic(struct stream *s) {
  static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  int literals_count = take(s, 5) + 257, distances_count = take(s, 5) + 1, lengths_count = take(s, 4) + 4;
  if (literals_count < 257 || distances_count < 1 || lengths_count < 4) return false;
  if (literals_count > LITERALS || distances_count > DISTANCES) return false;
  uint8_t lengths[LITERALS + DISTANCES] = {0};
  for (int i = 0; i < lengths_count; i++) {
    int length = take(s, 3);
    if (length < 0) return false;
    lengths[order[i]] = (uint8_t)length;
  }
  struct code literals, distances;
  if (!build(&literals, lengths, sizeof order)) return false;
  memset(lengths, 0, sizeof lengths);
  return read_lengths(s, &literals, lengths, literals_count + distances_count) &&
         build(&literals, lengths, literals_count) &&
         build(&distances, lengths + literals_count, distances_count) &&
         inflate_symbols(s, &literals, &distances);
}

bool host_inflate(const uint8_t *packed, size_t packed_length, uint8_t *out, size_t length) {
  struct stream s = {packed, packed + packed_length, 0, 0, out, out, out + length};
  for (int last = 0; !last;) {
    last = take(&s, 1);
    int kind = take(&s, 2);
    if (last < 0 || kind < 0 || kind > 2) return false;
    if (!(kind == 0 ? inflate_stored(&s) : kind == 1 ? inflate_fixed(&s) : inflate_dynamic(&s))) return false;
  }
  return s.out == s.out_end;
}
