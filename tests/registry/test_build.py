"""Symmetries of the released architectures, on small networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from protvox.errors import InputError
from protvox.networks import cath as cath_module
from protvox.networks.cath import CathConfig, CathNet, DomainBatch, DomainPoints, featurize_domain
from protvox.networks.config import ConvConfig
from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
from protvox.nn.equivariance import cube_rotations, rotation_of_channels
from protvox.structure.geometry.ca_trace import trace_chain
from protvox.structure.io.read import read_structure
from protvox.voxel.lattice.lattice import active_points
from protvox.voxel.lattice.neighbours import coarsen, neighbours
from protvox.voxel.moments.moments import environment_moments
from protvox.voxel.moments.residue_frames import residue_frames

CATH = CathConfig(
    labels=("1.10", "2.40", "3.40"), fine="4x0e+2x1e+1x2e", coarse="6x0e+2x1e+1x2e", features=8
)
ENVIRONMENT = EnvironmentConfig(
    size=3,
    spacing=3.0,
    embedding="4x0e+2x1e+1x2e",
    convolutions=(ConvConfig("6x0e+2x1e"),),
    hidden=(8,),
)
OFFSET = np.array([0.3, -0.2, 0.45])

# Float32 through four layers.
TOLERANCE = 1e-4


def stir(network: nn.Module) -> nn.Module:
    """Give the norms statistics as after a training."""
    torch.manual_seed(1)
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point() and "running" in name:
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def chains(data_dir):
    """CA atoms of three domains about their centres."""
    found = []
    for name in ("1ubi.pdb", "1a8o.pdb", "1lcd.pdb.gz"):
        structure = read_structure(data_dir / name)
        ca = structure.select(structure.is_protein).backbone()[:, 1].astype(np.float64)
        ca = ca[np.isfinite(ca).all(axis=1)]
        found.append(ca - ca.mean(axis=0))
    return found


@pytest.fixture(scope="module")
def ca(chains):
    return chains[0]


@pytest.fixture(scope="module")
def cath():
    torch.manual_seed(0)
    return stir(CathNet(CATH))


def sites_on_the_lattice(ca, offset):
    """Sites, placed on the whole lattice rather than from the corner of their box."""
    spec = CATH.lattice
    sites = active_points(trace_chain(ca), offset, spec)
    low = np.floor(
        (ca.astype(np.float32).min(axis=0) - spec.max_ca_distance) / spec.spacing - offset
    )
    return sites.index + low.astype(np.int64), sites.moments


def batch_of(places, moments):
    """Draw sites with the coarse lattice on the even points of the whole lattice."""
    index = places - 2 * (places.min(axis=0) // 2)
    coarse, down = coarsen(index, CATH.min_neighbours)
    return DomainBatch.join([DomainPoints(moments, neighbours(index), down, neighbours(coarse))])


def draw(*chains):
    return [featurize_domain(trace_chain(ca), OFFSET, CATH) for ca in chains]


def test_domain_network_is_invariant_under_cube_rotations(cath, ca):
    """The domain, the lattice and the coarse lattice turned together."""
    expected = cath(batch_of(*sites_on_the_lattice(ca, OFFSET)))
    assert expected.std() > 1e-2
    for rotation in cube_rotations().numpy():
        turned = cath(batch_of(*sites_on_the_lattice(ca @ rotation.T, OFFSET @ rotation.T)))
        assert torch.allclose(turned, expected, atol=TOLERANCE), rotation


def test_pose_on_the_lattice_changes_the_logits(cath, ca):
    """What the poses of `protvox.networks.poses` average over; and the test above can fail."""
    expected = cath(batch_of(*sites_on_the_lattice(ca, OFFSET)))
    moved = cath(batch_of(*sites_on_the_lattice(ca, OFFSET + 0.5)))
    assert (moved - expected).abs().max() > 10 * TOLERANCE


def test_empty_space_around_a_domain_does_not_matter(cath, ca):
    places, moments = sites_on_the_lattice(ca, OFFSET)
    expected = cath(batch_of(places, moments))
    for extra in (2, 8):
        index = places - 2 * (places.min(axis=0) // 2) + extra
        coarse, down = coarsen(index, CATH.min_neighbours)
        drawn = DomainPoints(moments, neighbours(index), down, neighbours(coarse))
        assert torch.allclose(cath(DomainBatch.join([drawn])), expected, atol=1e-6)


def test_order_of_points_does_not_matter(cath, ca):
    places, moments = sites_on_the_lattice(ca, OFFSET)
    order = np.random.default_rng(0).permutation(len(places))
    shuffled = cath(batch_of(places[order], moments[order]))
    assert torch.allclose(shuffled, cath(batch_of(places, moments)), atol=TOLERANCE)


def test_domain_network_distinguishes_mirror_images(cath, ca):
    mirror = np.array([1, 1, -1])
    # The lattice is mirrored too, so that nothing but the handedness differs.
    mirrored = cath(batch_of(*sites_on_the_lattice(ca * mirror, OFFSET * mirror)))
    difference = mirrored - cath(batch_of(*sites_on_the_lattice(ca, OFFSET)))
    assert difference.abs().max() > 50 * TOLERANCE


def test_layers_distinguish_handedness_beyond_helices(cath, ca):
    """Mirrored directions and places with the states of the original are told apart too."""
    mirror = np.array([1, 1, -1])
    states = trace_chain(ca).secondary
    answers = []
    for points, offset in ((ca, OFFSET), (ca * mirror, OFFSET * mirror)):
        trace = replace(trace_chain(points), secondary=states)
        sites = active_points(trace, offset, CATH.lattice)
        low = np.floor((points.astype(np.float32).min(axis=0) - 4.5) / 6 - offset).astype(np.int64)
        answers.append(cath(batch_of(sites.index + low, sites.moments)))
    assert (answers[0] - answers[1]).abs().max() > 10 * TOLERANCE


def test_trunk_moves_with_the_domain(cath, ca):
    """Fields after the first convolution turn, site by site, as their irreps say."""

    def trunk(batch):
        moments = cath.embedding(batch.moments.T[None], (len(batch.moments), 1, 1))
        field = cath.steps[0](moments.flatten(2)[0].T)
        return cath.steps[1](cath.convolutions[0](field, batch.fine))

    irreps = cath.steps[1][-1].irreps_out
    assert irreps.lmax == 2
    places, moments = sites_on_the_lattice(ca, OFFSET)
    expected = trunk(batch_of(places, moments))
    for rotation in cube_rotations()[1::6]:
        matrix = rotation.numpy()
        moved, turned = sites_on_the_lattice(ca @ matrix.T, OFFSET @ matrix.T)
        row = {tuple(place): n for n, place in enumerate(moved.tolist())}
        order = [row[tuple(p)] for p in np.rint(places @ matrix.T).astype(int).tolist()]
        got = trunk(batch_of(moved, turned))[order]
        wanted = expected @ rotation_of_channels(irreps, rotation).float().T
        assert torch.allclose(got, wanted, atol=1e-3)


def test_domains_of_a_batch_are_independent(cath, chains):
    drawn = draw(*chains)
    alone = torch.cat([cath(DomainBatch.join([one])) for one in drawn])
    assert alone.std(dim=0).min() > 1e-3
    assert torch.allclose(cath(DomainBatch.join(drawn)), alone, atol=1e-5)
    order = [2, 0, 1, 0]
    mixed = cath(DomainBatch.join([drawn[n] for n in order]))
    assert torch.allclose(mixed, alone[order], atol=1e-5)
    # Whatever stands beside a domain, even what is no number.
    lost = replace(drawn[1], moments=np.full_like(drawn[1].moments, np.nan))
    beside = cath(DomainBatch.join([drawn[0], lost, drawn[2]]))
    assert torch.allclose(beside[[0, 2]], alone[[0, 2]], atol=1e-5)
    assert beside[1].isnan().all()


def test_tables_of_a_batch_stay_within_their_domain(chains):
    drawn = draw(*chains)
    batch = DomainBatch.join(drawn)
    assert batch.n_domains == 3
    assert batch.domain.bincount().tolist() == [len(one.coarse) for one in drawn]
    first = np.repeat(np.arange(3), [len(one.fine) for one in drawn])
    for table, of_row, of_site in (
        (batch.fine, first, first),
        (batch.down, batch.domain.numpy(), first),
        (batch.coarse, batch.domain.numpy(), batch.domain.numpy()),
    ):
        row, column = np.nonzero(table.numpy() >= 0)
        assert (of_row[row] == of_site[table.numpy()[row, column]]).all()
    moved = batch.to(torch.device("cpu"))
    assert torch.equal(moved.down, batch.down)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_smallest_domains_are_predicted(cath, ca, n):
    logits = cath(DomainBatch.join(draw(ca[:n], ca)))
    assert torch.isfinite(logits).all()
    assert torch.allclose(logits[:1], cath(DomainBatch.join(draw(ca[:n]))), atol=1e-5)


def test_a_domain_too_wide_for_the_lattice_is_refused(ca, monkeypatch):
    monkeypatch.setattr(cath_module, "MAX_POINTS", 50)
    with pytest.raises(InputError) as caught:
        draw(ca)
    assert caught.value.code == "domain.too_large"


def test_names_and_shapes_of_the_weights_are_kept():
    """Released weights are loaded by them."""
    state = {name: tuple(value.shape) for name, value in CathNet(CATH).state_dict().items()}
    roots = {name.rpartition(".")[0] for name in state}
    assert roots == {
        "classifier.1",
        "embedding.weights",
        *(f"convolutions.{n}.kernel.weights" for n in range(4)),
        *(f"steps.{n}.0" for n in range(5)),
    }
    assert state["classifier.1.weight"] == (3, 2 * 8 + 1)


def environment_logits(network, structure, coordinates):
    atoms = structure.backbone()
    for column, name in enumerate(("N", "CA", "C", "O")):
        rows = np.flatnonzero(structure.atom_name == name)
        atoms[structure.residue_index[rows], column] = coordinates[rows]
    frames = residue_frames(atoms, network.config.cb_offset)
    rows = np.flatnonzero(frames.valid)[:20]
    moments = environment_moments(
        coordinates,
        structure.atom_type,
        structure.residue_index,
        np.tile(np.array([[0, len(coordinates)]], dtype=np.int64), (len(rows), 1)),
        rows.astype(np.int32),
        frames.origin[rows],
        frames.axes[rows],
        network.config.moments,
    )
    return network(torch.from_numpy(moments))


def test_environment_network_depends_on_handedness_but_not_on_pose(data_dir):
    structure = read_structure(data_dir / "1ubi.pdb")
    structure = structure.select(structure.is_protein)
    torch.manual_seed(0)
    network = stir(EnvironmentNet(ENVIRONMENT))
    rotation, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    expected = environment_logits(network, structure, structure.coordinates)
    moved = (structure.coordinates @ rotation.T + [40, -25, 7]).astype(np.float32)
    assert torch.allclose(environment_logits(network, structure, moved), expected, atol=1e-5)
    mirrored = structure.coordinates * np.float32([1, 1, -1])
    difference = environment_logits(network, structure, mirrored) - expected
    # As different as two residues of the structure are.
    assert difference.std() > 0.5 * (expected - expected.mean(dim=0)).std()
