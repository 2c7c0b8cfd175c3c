"""How every server has to be, however it came there. `host` is Testinfra's: the machine that the tests look at."""
import urllib.request


def get(host, path):
    with urllib.request.urlopen(f"http://{host.backend.hostname}{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


def test_nginx_is_installed(host):
    assert host.package("nginx-light").is_installed


def test_nginx_runs(host):
    assert host.service("nginx").is_running
    assert host.process.filter(comm="nginx", user="www-data"), "there is no worker process"


def test_its_configuration_is_right(host):
    assert host.run("nginx -t -q").rc == 0


def test_the_site_says_hello(host):
    status, text = get(host, "/")
    assert status == 200
    assert "Hello world" in text


def test_robots_may_come_in(host):
    assert get(host, "/robots.txt") == (200, "User-agent: *\nDisallow:\n")
