#!/usr/bin/python3
"""Training steps in torch (float32, CPU), told what to do line by line by ./realm bench.

The first line is the job, one JSON object: load ("realm" or "mlm"), threads, model (the sizes, with
the keys of a Hugging Face config.json) and what the load needs. The answer says that it is ready.
Each further line asks for one step and is answered with its seconds and its CPU time.

Padding where lengths differ, as torch's kernels need it; no mask and no work for it where they do
not. Logits at the masked tokens only. The query, key and value projections are one product.
"""
import json
import os
import sys
import time

job = json.loads(sys.stdin.readline())
# Before torch starts: the libraries below it read these.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(job["threads"])

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(job["threads"])
torch.manual_seed(1)
C = job["model"]
H, V = C["hidden_size"], C["vocab_size"]


def peak_mib():
    """Of this process alone: getrusage still counts what its parent had when it was started."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def gelu(x):
    return F.gelu(x, approximate="none" if C["hidden_act"] == "gelu" else "tanh")


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(H, 3 * H)
        self.out = nn.Linear(H, H)
        self.up = nn.Linear(H, C["intermediate_size"])
        self.down = nn.Linear(C["intermediate_size"], H)
        self.norm1 = nn.LayerNorm(H, eps=C["layer_norm_eps"])
        self.norm2 = nn.LayerNorm(H, eps=C["layer_norm_eps"])

    def forward(self, x, bias):
        n, s, _ = x.shape
        heads = C["num_attention_heads"]
        q, k, v = self.qkv(x).view(n, s, 3, heads, H // heads).permute(2, 0, 3, 1, 4)
        scores = torch.matmul(q * (H // heads) ** -0.5, k.transpose(-1, -2))
        if bias is not None:
            scores = scores + bias
        context = torch.matmul(scores.softmax(-1), v).transpose(1, 2).reshape(n, s, H)
        x = self.norm1(self.out(context) + x)
        return self.norm2(self.down(gelu(self.up(x))) + x)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.word = nn.Embedding(V, H)
        self.position = nn.Embedding(C["max_position_embeddings"], H)
        self.segment = nn.Embedding(C["type_vocab_size"], H)
        self.norm = nn.LayerNorm(H, eps=C["layer_norm_eps"])
        self.layers = nn.ModuleList([Layer() for _ in range(C["num_hidden_layers"])])

    def forward(self, batch):
        x = self.word(batch.ids) + self.position.weight[: batch.ids.shape[1]]
        x = self.norm(x + self.segment(batch.segments))
        for layer in self.layers:
            x = layer(x, batch.bias)
        return x


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = Bert()
        self.pooler = nn.Linear(H, H)
        self.projection = nn.Linear(H, C["projection"])
        self.norm = nn.LayerNorm(C["projection"], eps=1e-12)

    def forward(self, batch):
        return self.norm(self.projection(torch.tanh(self.pooler(self.bert(batch)[:, 0]))))


class Encoder(nn.Module):
    """log p(target) at chosen rows of the flattened batch."""

    def __init__(self):
        super().__init__()
        self.bert = Bert()
        self.transform = nn.Linear(H, H)
        self.norm = nn.LayerNorm(H, eps=C["layer_norm_eps"])
        self.bias = nn.Parameter(torch.zeros(V))

    def forward(self, batch, rows, targets):
        h = self.bert(batch).reshape(-1, H)[rows]
        logits = F.linear(self.norm(gelu(self.transform(h))), self.bert.word.weight, self.bias)
        return -F.cross_entropy(logits, targets, reduction="none")


class Batch:
    """Random words, [sequences, longest]; segment 1 after the first part."""

    def __init__(self, lengths, first_parts=None):
        longest = max(lengths)
        at = torch.arange(longest)[None, :]
        length = torch.tensor(lengths)[:, None]
        self.ids = torch.randint(999, V, (len(lengths), longest)) * (at < length)
        first = length if first_parts is None else torch.tensor(first_parts)[:, None]
        self.segments = ((at >= first) & (at < length)).long()
        self.longest = longest
        even = min(lengths) == longest
        self.bias = None if even else ((at >= length) * -10000.0)[:, None, None, :]


class RealmStep:
    def __init__(self):
        self.embedder, self.encoder = Embedder(), Encoder()
        self.null = nn.Parameter(torch.randn(1, C["projection"]) * 0.02)
        self.batches = [self.batch(b) for b in job["batches"]]

    def parameters(self):
        yield from self.embedder.named_parameters()
        yield from self.encoder.named_parameters()
        yield "null", self.null

    @staticmethod
    def batch(b):
        queries, per = len(b["queries"]), len(b["joint"]) // len(b["queries"])
        joint = Batch(b["joint"], [b["queries"][i // per] for i in range(len(b["joint"]))])
        words = [torch.randint(999, V, (m,)) for m in b["masks"]]
        rows, targets, owner = [], [], []
        for i in range(len(b["joint"])):
            for j in range(b["masks"][i // per]):
                rows.append(i * joint.longest + 1 + j)
                owner.append(i)
            targets.append(words[i // per])
        tensors = torch.tensor(rows), torch.cat(targets), torch.tensor(owner)
        return Batch(b["queries"]), Batch(b["documents"]), joint, tensors, queries, per

    def loss(self, request):
        q, d, joint, (rows, targets, owner), queries, per = self.batches[request["batch"]]
        documents = self.embedder(d).view(queries, per - 1, -1)
        null = self.null.expand(queries, 1, -1)
        scores = torch.einsum("bp,bnp->bn", self.embedder(q), torch.cat([null, documents], 1))
        tokens = self.encoder(joint, rows, targets)
        likelihood = torch.zeros(queries * per).index_add(0, owner, tokens).view(queries, per)
        return -(scores.log_softmax(-1) + likelihood).logsumexp(-1).mean()


class MlmStep:
    def __init__(self):
        self.encoder = Encoder()
        self.batches = [self.batch(s["sequences"], s["length"], s["masked"]) for s in job["shapes"]]

    @staticmethod
    def batch(n, length, masked):
        places = [i * length + j * length // masked for i in range(n) for j in range(masked)]
        targets = torch.randint(999, V, (len(places),))
        return Batch([length] * n), torch.tensor(places), targets

    def parameters(self):
        return self.encoder.named_parameters()

    def loss(self, request):
        return -self.encoder(*self.batches[request["shape"]]).mean()


def optimizer(named):
    decayed = [p for n, p in named if p.dim() > 1]
    others = [p for n, p in named if p.dim() == 1]
    return torch.optim.AdamW(
        [dict(params=decayed, weight_decay=0.01), dict(params=others, weight_decay=0.0)],
        lr=1e-4, betas=(0.9, 0.999), eps=1e-6, foreach=job.get("foreach", False))


load = RealmStep() if job["load"] == "realm" else MlmStep()
named = list(load.parameters())
for _, p in named:
    if p.dim() > 1:
        nn.init.normal_(p, std=0.02)
adam = optimizer(named)
print(json.dumps(dict(ready=True, version=torch.__version__, threads=torch.get_num_threads(),
                      parameters=sum(p.numel() for _, p in named))), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    cpu, start = time.process_time(), time.perf_counter()
    adam.zero_grad(set_to_none=True)
    loss = load.loss(request)
    loss.backward()
    adam.step()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = peak_mib()
    print(json.dumps(dict(seconds=seconds, cpu=cpu, loss=loss.item(), peak_mib=peak)), flush=True)
